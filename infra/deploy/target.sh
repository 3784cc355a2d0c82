# shellcheck shell=bash
# What is deployed and to where: the name and dataset that the options give say it, and nothing that lies in the environment.

# What the deployment gives out: see main.bicep.
outputs=(
    AZURE_RESOURCE_GROUP APP_NAME IDENTITY_NAME IDENTITY_CLIENT_ID SQL_SERVER SQL_DATABASE GOLD_SCHEMA
    EVENTHUB_NAMESPACE EVENTHUB_NAME STATE_ACCOUNT LAKE_ACCOUNT EVENT_GRID_TOPIC NETWORK_ISOLATION
    ALERT_RECEIVERS
)

# Names everything as main.bicep does.
name_target() {
    dataset_file="datasets/$dataset.toml"
    deployment="sluice-${dataset//_/-}-$environment"
    resource_group="rg-$deployment"
    [[ -f $dataset_file ]] || fail "there is no $dataset_file"
    grep -q "^name *= *\"$dataset\"" "$dataset_file" ||
        fail "$dataset_file is not called after the dataset in it, and the deployment takes the name of both"
}

# The object id of who is logged in, from the token: a service principal may not ask the directory for it.
object_id() {
    az account get-access-token --query accessToken --output tsv | python3 -c 'import base64, json, sys
claims = sys.stdin.read().split(".")[1]
print(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["oid"])'
}

# Who is logged in, AZURE_PRINCIPAL_ID and _TYPE, and who administers the database: the parameter files read them.
know_principal() {
    local kind
    kind=$(az account show --query user.type --output tsv)
    if [[ -z ${AZURE_PRINCIPAL_ID:-} ]]; then
        AZURE_PRINCIPAL_ID=$(object_id)
        AZURE_PRINCIPAL_TYPE=User
        [[ $kind == user ]] || AZURE_PRINCIPAL_TYPE=ServicePrincipal
        export AZURE_PRINCIPAL_ID AZURE_PRINCIPAL_TYPE
    fi
    [[ -z ${SLUICE_SQL_ADMIN_ID:-} ]] || return 0
    [[ $kind == user ]] || fail "a service principal is logged in: name the group that administers the database" \
        "with SLUICE_SQL_ADMIN_NAME and SLUICE_SQL_ADMIN_ID"
    SLUICE_SQL_ADMIN_NAME=$(az account show --query user.name --output tsv)
    export SLUICE_SQL_ADMIN_NAME SLUICE_SQL_ADMIN_ID=$AZURE_PRINCIPAL_ID SLUICE_SQL_ADMIN_TYPE=User
}

parameters() {
    local file="infra/$environment.bicepparam"
    [[ -f $file ]] || fail "there is no $file: copy infra/dev.bicepparam to it and say in it what is different"
    grep -q "^param environmentName = '$environment'" "$file" ||
        fail "$file is for another environment: set environmentName = '$environment' in it"
    [[ -n ${AZURE_LOCATION:-} ]] || fail "--location is missing, such as --location westeurope"
    printf '%s\n' "$file"
}

# What the parameter files read of the dataset file: whether gold follows at once, and the queues and event hubs that its rules tell of
# alerts, to make them and to let the app send to them.
know_dataset() {
    SLUICE_LATENCY=$(dataset_latency)
    SLUICE_ALERT_QUEUES=$(alert_targets queue)
    SLUICE_ALERT_HUBS=$(alert_targets eventhub)
    export SLUICE_LATENCY SLUICE_ALERT_QUEUES SLUICE_ALERT_HUBS
    [[ ",${SLUICE_ALERT_HUBS,,}," != *,events,* ]] ||
        fail "$dataset_file tells eventhub:events of alerts, which is the hub that it is read from: name another"
}

# As the dataset file says, or else low where it has rules.
dataset_latency() {
    local said
    said=$(sed -nE "s/^[[:space:]]*latency[[:space:]]*=[[:space:]]*[\"'](low|timer)[\"'].*/\\1/p" "$dataset_file")
    if [[ -z $said ]]; then
        said=timer
        ! grep -qE '^[[:space:]]*\[\[[[:space:]]*alert[[:space:]]*\]\]' "$dataset_file" || said=low
    fi
    printf '%s\n' "$said"
}

alert_targets() {
    sed 's/^[[:space:]]*#.*//' "$dataset_file" | { grep -oE "[\"']$1:[A-Za-z0-9._-]+[\"']" || true; } |
        tr -d "\"'" | cut -d : -f 2 | sort -u | paste -sd , -
}

# Auto-inflate raises the hub's units and never lowers them: the parameter files read what they are, and keep them.
know_throughput() {
    local units=
    if [[ $(az group exists --name "$resource_group") == true ]]; then
        units=$(az eventhubs namespace list --resource-group "$resource_group" --query '[0].sku.capacity' --output tsv)
    fi
    [[ $units =~ ^[0-9]+$ ]] || units=0
    export SLUICE_CURRENT_THROUGHPUT_UNITS=$units
}

# Reads what the deployment gave out. Only azd's own environment is believed, and only if it is of this deployment.
load_outputs() {
    local answer name value
    [[ -z ${loaded:-} ]] || return 0
    if ! $by_azd || [[ ${AZURE_RESOURCE_GROUP:-} != "$resource_group" ]]; then
        unset "${outputs[@]}"
        answer=$(az deployment sub show --name "$deployment" --query properties.outputs --output json) ||
            fail "$deployment cannot be read in subscription $subscription, as az says above;" \
                "if it is not deployed there, run the step provision first"
        # Azure does not keep the case of an output's name.
        answer=$(python3 -c 'import json, sys
for name, output in (json.loads(sys.argv[1] or "null") or {}).items(): print(name.upper(), output["value"], sep="=")' "$answer")
        while IFS='=' read -r name value; do
            [[ " ${outputs[*]} " != *" $name "* ]] || export "$name=$value"
        done <<<"$answer"
    fi
    for name in "${outputs[@]}"; do
        [[ -n ${!name:-} ]] ||
            fail "$deployment in subscription $subscription gives out no $name: run the step provision, to its end"
    done
    loaded=true
}
