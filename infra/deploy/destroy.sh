# shellcheck shell=bash
# Deletion of everything. A lock stands for data that somebody wants to keep, and only a person takes it away.

destroy() {
    local answer='' locks='' lock
    if [[ $(az group exists --name "$resource_group") != true ]]; then
        say "there is no $resource_group in subscription $subscription"
        forget
        return 0
    fi
    locks=$(az lock list --resource-group "$resource_group" --query '[].id' --output tsv)
    if [[ -n $locks ]]; then
        printf 'locked against deletion (deleteLock), so that --yes does not do:\n%s\n' "$locks" >&2
    fi
    if ! $yes || [[ -n $locks ]]; then
        read -r -p "Delete $resource_group in subscription $subscription with all its data? Type its name: " answer || true
        [[ $answer == "$resource_group" ]] || fail "nothing was deleted"
    fi
    while IFS= read -r lock; do
        [[ -z $lock ]] || az lock delete --ids "$lock"
    done <<<"$locks"
    say "deleting $resource_group, several minutes"
    az group delete --name "$resource_group" --yes
    forget
}

# The record of the deployment is the subscription's.
forget() {
    az deployment sub delete --name "$deployment" || say "there was no record of $deployment to delete"
}
