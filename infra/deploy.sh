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
                         check provision grant package publish events smoke (docs/operations.md)
  --package FILE         publish this package instead of dist/app.zip: one that was tested before
  --smoke-events FILE    smoke test with these events, one a line, which stay in the tables;
                         without it one event that ends in quarantine
  --no-smoke-test        leave the smoke test out
  --what-if              say what would change, and change nothing
  --destroy              delete everything, data included
  --yes                  do not ask before deleting what is not locked
  --help                 this

Needs az (logged in), cargo, python3 and curl. The database's administrator is who is named by
SLUICE_SQL_ADMIN_NAME, SLUICE_SQL_ADMIN_ID (object id) and SLUICE_SQL_ADMIN_TYPE (Group, User or
Application; default Group), or else the user who is logged in. Alerts go to SLUICE_ALERT_EMAILS and
SLUICE_ACTION_GROUP_IDS (resource ids), and SLUICE_READER_IDS (object ids of groups) may look at the
data; each separated by commas.

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
    subscription=$(az account show --query name --output tsv) || fail "az is not logged in: run az login"
}

# shellcheck source=infra/deploy/target.sh
source infra/deploy/target.sh
# shellcheck source=infra/deploy/check.sh
source infra/deploy/check.sh
# shellcheck source=infra/deploy/steps.sh
source infra/deploy/steps.sh
# shellcheck source=infra/deploy/smoke.sh
source infra/deploy/smoke.sh
# shellcheck source=infra/deploy/destroy.sh
source infra/deploy/destroy.sh

# azd's hooks name no environment: it is the one that azd set.
environment=${AZURE_ENV_NAME:-}
by_azd=true
dataset=${SLUICE_DATASET:-orders}
steps=()
client_ip=${SLUICE_CLIENT_IP:-}
package_file=
smoke_events=
smoke_test=true
what_if=false
destroy=false
yes=false
while (($# > 0)); do
    case $1 in
        --environment | --location | --dataset | --step | --client-ip | --package | --smoke-events)
            (($# > 1)) || fail "$1 needs a value"
            case $1 in
                --environment)
                    environment=$2
                    by_azd=false
                    ;;
                --location) export AZURE_LOCATION=$2 ;;
                --dataset) dataset=$2 ;;
                --step) steps+=("$2") ;;
                --client-ip) client_ip=$2 ;;
                --package) package_file=$2 ;;
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
all_steps=(check provision grant package publish events smoke)
((${#steps[@]} > 0)) || steps=("${all_steps[@]}")
for step in "${steps[@]}"; do
    [[ " ${all_steps[*]} " == *" $step "* ]] || fail "there is no step $step; there are ${all_steps[*]}"
done
export SLUICE_DATASET=$dataset
# The build and the templates are told what they are made of.
SLUICE_COMMIT=${SLUICE_COMMIT:-$(git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null || echo unknown)}
export SLUICE_COMMIT
name_target
[[ -z $package_file || -f $package_file ]] || fail "there is no $package_file"
[[ -z $smoke_events || -f $smoke_events ]] || fail "there is no $smoke_events"

about() {
    case $1 in
        check) printf 'what provisioning needs, in subscription %s' "$subscription" ;;
        provision) printf '%s in subscription %s, by infra/%s.bicepparam' "$resource_group" "$subscription" "$environment" ;;
        grant) printf 'a database user for app %s, in %s' "$APP_NAME" "$SQL_SERVER" ;;
        package) printf 'dist/app.zip, with the handler built for Azure; the first time takes a while' ;;
        publish) printf '%s to app %s of %s' "${package_file:-dist/app.zip}" "$APP_NAME" "$AZURE_RESOURCE_GROUP" ;;
        events) printf 'tell silver of new bronze objects, once app %s has started' "$APP_NAME" ;;
        smoke) printf 'send events to %s and wait until gold has caught up with them' "$EVENTHUB_NAMESPACE" ;;
    esac
}

conclude() {
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
    know_throughput
    know_dataset
    az deployment sub what-if --name "$deployment" --location "$AZURE_LOCATION" --parameters "$file"
    exit 0
fi
if $destroy; then
    destroy
    exit 0
fi
for step in "${all_steps[@]}"; do
    [[ " ${steps[*]} " == *" $step "* ]] || continue
    if [[ $step == smoke ]] && ! $smoke_test || [[ $step == package && -n $package_file ]]; then
        continue
    fi
    case $step in
        grant | publish | events | smoke) load_outputs ;;
    esac
    say "$step: $(about "$step")"
    "$step"
done
if [[ ${steps[*]} == "${all_steps[*]}" ]]; then
    conclude
fi
