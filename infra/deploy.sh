#!/usr/bin/env bash
# Deploys Sluice with the az CLI. Every step can be repeated; docs/operations.md explains them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
    cat <<'TEXT'
usage: infra/deploy.sh --environment NAME --location REGION [options]

  --environment NAME     dev or prod, or another with infra/NAME.bicepparam
  --location REGION      such as westeurope; not needed once deployed
  --dataset NAME         the dataset: datasets/NAME.toml (default: orders)
  --step STEP            only this step, and others given likewise:
                         provision grant package publish events smoke
  --client-ip ADDRESS    let this address reach the database during the grant
  --smoke-events FILE    smoke test with these events, one a line, which stay in the tables;
                         without it one event that ends in quarantine
  --no-smoke-test        leave the smoke test out
  --what-if              say what would change, and change nothing
  --destroy              delete everything, data included
  --yes                  do not ask before deleting

Needs az (logged in), cargo and python3. Reads SLUICE_SQL_ADMIN_NAME, SLUICE_SQL_ADMIN_ID and
SLUICE_SQL_ADMIN_TYPE (Group, User or Application), or else makes whoever is logged in the
database's administrator.
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
        printf 'once more in %s s\n' "$seconds" >&2
        sleep "$seconds"
    done
    "$@"
}

environment=${AZURE_ENV_NAME:-}
dataset=${SLUICE_DATASET:-orders}
steps=()
client_ip=
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
        --help | -h)
            usage
            exit 0
            ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
    shift
done
[[ -n $environment ]] || fail "--environment is missing"
((${#steps[@]} > 0)) || steps=(provision grant package publish events smoke)
export SLUICE_DATASET=$dataset
deployment="sluice-$dataset-$environment"
resource_group="rg-$deployment"
dataset_file="datasets/$dataset.toml"
[[ -f $dataset_file ]] || fail "there is no $dataset_file"

# Who is logged in: AZURE_PRINCIPAL_ID and _TYPE, which the parameter files read.
know_principal() {
    local name
    [[ -z ${AZURE_PRINCIPAL_ID:-} ]] || return 0
    name=$(az account show --query user.name --output tsv)
    if [[ $(az account show --query user.type --output tsv) == user ]]; then
        AZURE_PRINCIPAL_ID=$(az ad signed-in-user show --query id --output tsv)
        AZURE_PRINCIPAL_TYPE=User
    else
        AZURE_PRINCIPAL_ID=$(az ad sp show --id "$name" --query id --output tsv)
        AZURE_PRINCIPAL_TYPE=ServicePrincipal
    fi
    export AZURE_PRINCIPAL_ID AZURE_PRINCIPAL_TYPE
    if [[ -z ${SLUICE_SQL_ADMIN_ID:-} ]]; then
        export SLUICE_SQL_ADMIN_ID=$AZURE_PRINCIPAL_ID SLUICE_SQL_ADMIN_NAME=$name
        SLUICE_SQL_ADMIN_TYPE=${AZURE_PRINCIPAL_TYPE/ServicePrincipal/Application}
        export SLUICE_SQL_ADMIN_TYPE
    fi
}

parameters() {
    local file="infra/$environment.bicepparam"
    [[ -f $file ]] || fail "there is no $file"
    [[ -n ${AZURE_LOCATION:-} ]] || fail "--location is missing"
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
for name, output in json.load(sys.stdin).items(): print(name.upper(), output["value"], sep="=")')
    [[ -n ${APP_NAME:-} ]] || fail "$deployment is not deployed yet: run the step provision first"
}

provision() {
    local file
    know_principal
    file=$(parameters)
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
    local generation partition before head published event i
    load_outputs
    if [[ ${NETWORK_ISOLATION,,} == true && -z ${SLUICE_INSIDE_NETWORK:-} ]]; then
        say "no smoke test: the network is isolated (set SLUICE_INSIDE_NETWORK=1 on a machine inside of it)"
        return 0
    fi
    generation=$(sed -n 's/^generation *= *\([0-9][0-9]*\).*/\1/p' "$dataset_file")
    partition="$dataset@${generation:-1}"
    before=$(retry 10 30 version "$partition" head)
    if [[ -n $smoke_events ]]; then
        while IFS= read -r event; do
            retry 10 30 send_event "$event"
        done <"$smoke_events"
    else
        retry 10 30 send_event "{\"smoke_test\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}"
    fi
    for ((i = 0; i < 60; i++)); do
        head=$(version "$partition" head)
        published=$(version "$partition|gold" hint)
        printf 'silver is at version %s, gold at %s\n' "$head" "$published" >&2
        if ((head > before && head > 0 && published >= head)); then
            say "the event went through bronze and silver, and gold has caught up"
            return 0
        fi
        sleep 10
    done
    fail "no event came through in ten minutes: docs/operations.md says where to look"
}

if $what_if; then
    know_principal
    file=$(parameters)
    az deployment sub what-if --name "$deployment" --location "$AZURE_LOCATION" --parameters "$file"
    exit 0
fi
if $destroy; then
    if ! $yes; then
        read -r -p "Delete $resource_group with all its data? Type its name: " answer
        [[ $answer == "$resource_group" ]] || fail "nothing was deleted"
    fi
    if [[ $(az group exists --name "$resource_group") == true ]]; then
        az group delete --name "$resource_group" --yes
    fi
    az deployment sub delete --name "$deployment" 2>/dev/null || true
    exit 0
fi
for step in "${steps[@]}"; do
    case $step in
        provision | grant | package | publish | events) ;;
        smoke) $smoke_test || continue ;;
        *) fail "there is no step $step" ;;
    esac
    say "$step"
    "$step"
done
