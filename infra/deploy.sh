#!/usr/bin/env bash
# Deploys Sluice with the az CLI. Every step can be repeated; docs/operations.md explains them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
    cat <<'TEXT'
Deploys Sluice for one dataset to the subscription that az is logged in to.

usage: infra/deploy.sh --environment NAME --location REGION [options]

  --environment NAME     dev or prod, or another for which there is infra/NAME.bicepparam
  --location REGION      such as westeurope; what only touches a deployment that is there does without
  --dataset NAME         the dataset: datasets/NAME.toml (default: orders)
  --client-ip ADDRESS    let this address reach the database while rights are granted; from a machine
                         outside of Azure, its public address
  --step STEP            only this step, and others given likewise, in this order:
                         provision grant package publish events smoke (docs/operations.md)
  --smoke-events FILE    smoke test with these events, one a line, which stay in the tables;
                         without it one event that ends in quarantine
  --no-smoke-test        leave the smoke test out
  --what-if              say what would change, and change nothing
  --destroy              delete everything, data included
  --yes                  do not ask before deleting
  --help                 this

Needs az (logged in), cargo, python3 and curl. The database's administrator is who is named by
SLUICE_SQL_ADMIN_NAME, SLUICE_SQL_ADMIN_ID (object id) and SLUICE_SQL_ADMIN_TYPE (Group, User or
Application; default Group), or else the user who is logged in.

Examples:
  infra/deploy.sh --environment dev --location westeurope --what-if
  infra/deploy.sh --environment dev --location westeurope --client-ip 203.0.113.7
  infra/deploy.sh --environment dev --step package --step publish
  infra/deploy.sh --environment dev --destroy
TEXT
}

say() { printf '\n== %s\n' "$*" >&2; }
fail() {
    printf 'deploy.sh: %s\n' "$*" >&2
    exit 1
}

# retry TIMES SECONDS COMMAND...: rights and new apps take a while to get about.
retry() {
    local times=$1 seconds=$2 i
    shift 2
    for ((i = 1; i < times; i++)); do
        "$@" && return 0
        printf 'not yet (%s of %s); again in %s s\n' "$i" "$times" "$seconds" >&2
        sleep "$seconds"
    done
    "$@"
}

# need PROGRAM WHERE-IT-COMES-FROM
need() {
    command -v "$1" >/dev/null || fail "$1 is missing: $2"
}
need_az() {
    need az "https://learn.microsoft.com/cli/azure/install-azure-cli"
    subscription=$(az account show --query name --output tsv 2>/dev/null) ||
        fail "az is not logged in: run az login"
}

# azd's environment, when it is azd that calls.
environment=${AZURE_ENV_NAME:-}
dataset=${SLUICE_DATASET:-orders}
steps=()
client_ip=${SLUICE_CLIENT_IP:-}
smoke_events=
smoke_test=true
what_if=false
destroy=false
yes=false
while (($# > 0)); do
    case $1 in
        --environment | --location | --dataset | --step | --client-ip | --smoke-events)
            (($# > 1)) || fail "$1 needs a value"
            case $1 in
                --environment) environment=$2 ;;
                --location) export AZURE_LOCATION=$2 ;;
                --dataset) dataset=$2 ;;
                --step) steps+=("$2") ;;
                --client-ip) client_ip=$2 ;;
                --smoke-events) smoke_events=$2 ;;
            esac
            shift
            ;;
        --no-smoke-test) smoke_test=false ;;
        --what-if) what_if=true ;;
        --destroy) destroy=true ;;
        --yes) yes=true ;;
        -h | --help)
            usage
            exit 0
            ;;
        *)
            printf 'deploy.sh: there is no option %s; --help lists them\n' "$1" >&2
            exit 2
            ;;
    esac
    shift
done
[[ -n $environment ]] || fail "--environment is missing, such as --environment dev (--help says more)"
all_steps=(provision grant package publish events smoke)
((${#steps[@]} > 0)) || steps=("${all_steps[@]}")
for step in "${steps[@]}"; do
    [[ " ${all_steps[*]} " == *" $step "* ]] || fail "there is no step $step; there are ${all_steps[*]}"
done
export SLUICE_DATASET=$dataset
# As main.bicep names things.
deployment="sluice-${dataset//_/-}-$environment"
resource_group="rg-$deployment"
dataset_file="datasets/$dataset.toml"
[[ -f $dataset_file ]] || fail "there is no $dataset_file"
grep -q "^name *= *\"$dataset\"" "$dataset_file" ||
    fail "$dataset_file is not called after the dataset in it, and the deployment takes the name of both"
[[ -z $smoke_events || -f $smoke_events ]] || fail "there is no $smoke_events"

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

# What the deployment gave out. azd has it in the environment already.
load_outputs() {
    local name value
    [[ -z ${APP_NAME:-} || -z ${AZURE_RESOURCE_GROUP:-} ]] || return 0
    # Azure does not keep the case of an output's name.
    while IFS='=' read -r name value; do
        export "$name=$value"
    done < <(az deployment sub show --name "$deployment" --query properties.outputs --output json |
        python3 -c 'import json, sys
for name, output in json.loads(sys.stdin.read() or "{}").items(): print(name.upper(), output["value"], sep="=")')
    [[ -n ${APP_NAME:-} ]] || fail "$deployment is not deployed in subscription $subscription: run the step provision first"
}

provision() {
    local file
    file=$(parameters)
    know_principal
    az deployment sub create --name "$deployment" --location "$AZURE_LOCATION" \
        --parameters "$file" --output none
}

close_firewall() {
    az sql server firewall-rule delete --resource-group "$AZURE_RESOURCE_GROUP" \
        --server "${SQL_SERVER%%.*}" --name deploying --output none
}

grant() {
    load_outputs
    if [[ -n $client_ip ]]; then
        trap close_firewall EXIT
        az sql server firewall-rule create --resource-group "$AZURE_RESOURCE_GROUP" \
            --server "${SQL_SERVER%%.*}" --name deploying \
            --start-ip-address "$client_ip" --end-ip-address "$client_ip" --output none
    fi
    retry 5 20 cargo sluice sql-grant --server "$SQL_SERVER" --database "$SQL_DATABASE" \
        --identity "$IDENTITY_NAME" --client-id "$IDENTITY_CLIENT_ID" --schema "$GOLD_SCHEMA"
    if [[ -n $client_ip ]]; then
        trap - EXIT
        close_firewall
    fi
}

package() {
    cargo sluice package --dataset "$dataset_file"
}

publish() {
    load_outputs
    [[ -f dist/app.zip ]] || fail "there is no dist/app.zip: run the step package first"
    retry 3 30 az functionapp deployment source config-zip --resource-group "$AZURE_RESOURCE_GROUP" \
        --name "$APP_NAME" --src dist/app.zip --output none
}

# Asks whether the key is there, not for the key.
has_webhook_key() {
    local answer
    answer=$(az functionapp keys list --resource-group "$AZURE_RESOURCE_GROUP" --name "$APP_NAME" \
        --query 'systemKeys.blobs_extension != null' --output tsv) && [[ $answer == true ]]
}

events() {
    load_outputs
    retry 20 15 has_webhook_key || fail "the blob extension has not started: see the app's log"
    # Azure calls the webhook while the subscription is made; an app that is just starting may not answer in time.
    retry 5 30 az deployment group create --name blob-events --resource-group "$AZURE_RESOURCE_GROUP" \
        --template-file infra/post/blob-events.bicep --output none --parameters \
        "topicName=$EVENT_GRID_TOPIC" "appName=$APP_NAME" "hostStorageName=$STATE_ACCOUNT"
}

# version PARTITION ROW: the version that an entity of the state table holds, -1 if there is none.
version() {
    local found
    found=$(az storage entity query --account-name "$STATE_ACCOUNT" --table-name sluice --auth-mode login \
        --filter "PartitionKey eq '$1' and RowKey eq '$2'" \
        --query 'items[0] | (version.value || version)' --output tsv) || return 1
    if [[ -z $found || $found == None ]]; then
        found=-1
    fi
    printf '%s\n' "$found"
}

# The token goes to curl by a file descriptor, so that no list of processes shows it.
send_event() {
    local token
    token=$(az account get-access-token --resource https://eventhubs.azure.net --query accessToken --output tsv)
    curl --fail --silent --show-error --output /dev/null --config <(printf 'header = "Authorization: Bearer %s"\n' "$token") \
        --header 'Content-Type: application/octet-stream' --data-binary "$1" \
        "https://$EVENTHUB_NAMESPACE/$EVENTHUB_NAME/messages"
}

smoke() {
    local generation partition before head published event i seen=
    load_outputs
    if [[ $NETWORK_ISOLATION == [Tt]rue && -z ${SLUICE_INSIDE_NETWORK:-} ]]; then
        printf 'left out: the network is isolated (set SLUICE_INSIDE_NETWORK=1 on a machine inside of it)\n' >&2
        return 0
    fi
    # A workflow's proof of identity is short-lived: both kinds of token that are needed are asked for now, and kept.
    az account get-access-token --resource https://eventhubs.azure.net --output none
    generation=$(sed -n 's/^generation *= *\([0-9][0-9]*\).*/\1/p' "$dataset_file")
    partition="$dataset@${generation:-1}"
    before=$(retry 10 30 version "$partition" head)
    if [[ -n $smoke_events ]]; then
        while IFS= read -r event || [[ -n $event ]]; do
            retry 10 30 send_event "$event"
        done <"$smoke_events"
    else
        retry 10 30 send_event "{\"smoke_test\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}"
    fi
    head=-1
    for ((i = 0; i < 60; i++)); do
        if ! head=$(version "$partition" head) || ! published=$(version "$partition|gold" hint); then
            sleep 10
            continue
        fi
        if [[ $seen != "$head $published" ]]; then
            printf 'silver is at version %s, gold at %s (-1 is none yet)\n' "$head" "$published" >&2
            seen="$head $published"
        fi
        if ((head > before && head > 0 && published >= head)); then
            printf 'bronze and silver have it, and gold has caught up\n' >&2
            return 0
        fi
        sleep 10
    done
    ((${head:--1} > before)) ||
        fail "silver has not committed it in ten minutes: look at the failures in the workbook (docs/operations.md, Alerts)"
    fail "silver has it, and gold has not caught up in ten minutes: is its schedule that long? (docs/operations.md, Alerts)"
}

about() {
    case $1 in
        provision) printf '%s in subscription %s, by infra/%s.bicepparam' "$resource_group" "$subscription" "$environment" ;;
        grant) printf 'a database user for the app' ;;
        package) printf 'dist/app.zip, with the handler built for Azure; the first time takes a while' ;;
        publish) printf 'the package to the app' ;;
        events) printf 'tell silver of new bronze objects, once the app has started' ;;
        smoke) printf 'send events and wait until gold has caught up with them' ;;
    esac
}

conclude() {
    load_outputs
    cat >&2 <<TEXT

== deployed
resource group  $AZURE_RESOURCE_GROUP, in subscription $subscription
send events to  $EVENTHUB_NAMESPACE, hub $EVENTHUB_NAME (role: Azure Event Hubs Data Sender)
silver          storage account $LAKE_ACCOUNT, container silver
gold            $SQL_SERVER, database $SQL_DATABASE
watch           workbook "Sluice $dataset ($environment)" of that resource group
TEXT
}

! $what_if || ! $destroy || fail "--what-if and --destroy exclude each other"
need python3 "https://www.python.org"
for step in "${steps[@]}"; do
    case $step in
        grant | package) need cargo "https://rustup.rs" ;;
        smoke) need curl "https://curl.se" ;;
    esac
done
if $what_if || $destroy || [[ ${steps[*]} != package ]]; then
    need_az
fi
if $what_if; then
    file=$(parameters)
    know_principal
    az deployment sub what-if --name "$deployment" --location "$AZURE_LOCATION" --parameters "$file"
    exit 0
fi
if $destroy; then
    if ! $yes; then
        read -r -p "Delete $resource_group in subscription $subscription with all its data? Type its name: " answer || true
        [[ $answer == "$resource_group" ]] || fail "nothing was deleted"
    fi
    if [[ $(az group exists --name "$resource_group") == true ]]; then
        say "deleting $resource_group, several minutes"
        az group delete --name "$resource_group" --yes
    else
        say "there is no $resource_group in subscription $subscription"
    fi
    az deployment sub delete --name "$deployment" 2>/dev/null || true
    exit 0
fi
for step in "${all_steps[@]}"; do
    [[ " ${steps[*]} " == *" $step "* ]] || continue
    if [[ $step == smoke ]] && ! $smoke_test; then
        continue
    fi
    say "$step: $(about "$step")"
    "$step"
done
if [[ ${steps[*]} == "${all_steps[*]}" ]]; then
    conclude
fi
