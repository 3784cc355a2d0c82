# shellcheck shell=bash
# The steps that make and fill a deployment; each can be repeated.

# Not by the alias `cargo sluice`: it draws a bar, and a log wants lines.
sluice() {
    cargo run --locked --package sluice-cli --bin sluice -- "$@"
}

provision() {
    local file
    file=$(parameters)
    know_principal
    know_throughput
    know_dataset
    az deployment sub create --name "$deployment" --location "$AZURE_LOCATION" \
        --parameters "$file" --output none
    load_outputs
    warn_of_silence
}

# Rules that fire into nothing look like a quiet system.
warn_of_silence() {
    ((ALERT_RECEIVERS > 0)) || printf 'warning: %s\n' 'alerts of this deployment go to nobody: set SLUICE_ALERT_EMAILS or SLUICE_ACTION_GROUP_IDS' >&2
}

# A locked server keeps its rules too: such a rule is turned into that of Azure's own addresses, which is there anyway.
close_firewall() {
    local rule=(--resource-group "$AZURE_RESOURCE_GROUP" --server "${SQL_SERVER%%.*}" --name deploying --output none)
    az sql server firewall-rule delete "${rule[@]}" || {
        printf 'the rule stays, and is narrowed to nothing of its own\n' >&2
        az sql server firewall-rule update "${rule[@]}" --start-ip-address 0.0.0.0 --end-ip-address 0.0.0.0
    }
}

grant() {
    if [[ -n $client_ip ]]; then
        trap close_firewall EXIT
        az sql server firewall-rule create --resource-group "$AZURE_RESOURCE_GROUP" \
            --server "${SQL_SERVER%%.*}" --name deploying \
            --start-ip-address "$client_ip" --end-ip-address "$client_ip" --output none
    fi
    retry 5 20 sluice sql-grant --server "$SQL_SERVER" --database "$SQL_DATABASE" \
        --identity "$IDENTITY_NAME" --client-id "$IDENTITY_CLIENT_ID" --schema "$GOLD_SCHEMA"
    if [[ -n $client_ip ]]; then
        trap - EXIT
        close_firewall
    fi
}

package() {
    sluice package --dataset "$dataset_file"
}

publish() {
    local file=${package_file:-dist/app.zip}
    [[ -f $file ]] || fail "there is no $file: run the step package first"
    retry 3 30 az functionapp deployment source config-zip --resource-group "$AZURE_RESOURCE_GROUP" \
        --name "$APP_NAME" --src "$file" --output none
}

# Asks whether the key is there, not for the key.
has_webhook_key() {
    local answer
    answer=$(az functionapp keys list --resource-group "$AZURE_RESOURCE_GROUP" --name "$APP_NAME" \
        --query 'systemKeys.blobs_extension != null' --output tsv) && [[ $answer == true ]]
}

events() {
    retry 20 15 has_webhook_key || fail "the blob extension has not started: see the app's log"
    # Azure calls the webhook while the subscription is made; an app that is just starting may not answer in time.
    retry 5 30 az deployment group create --name blob-events --resource-group "$AZURE_RESOURCE_GROUP" \
        --template-file infra/post/blob-events.bicep --output none --parameters \
        "topicName=$EVENT_GRID_TOPIC" "appName=$APP_NAME" "hostStorageName=$STATE_ACCOUNT"
}
