# shellcheck shell=bash
# The smoke test: an event goes in, and gold catches up with it.

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

# The token goes to curl by a file descriptor, so that no list of processes shows it, and the event by its input: as an
# argument it could be too long, and one that begins with @ would name a file.
send_event() {
    local token
    token=$(az account get-access-token --resource https://eventhubs.azure.net --query accessToken --output tsv)
    printf '%s' "$1" | curl --fail --silent --show-error --output /dev/null --config <(printf 'header = "Authorization: Bearer %s"\n' "$token") \
        --header 'Content-Type: application/octet-stream' --data-binary @- \
        "https://$EVENTHUB_NAMESPACE/$EVENTHUB_NAME/messages"
}

smoke() {
    local generation partition before head published event i seen=
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
