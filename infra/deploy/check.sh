# shellcheck shell=bash
# What would otherwise fail late, half done and in Azure's words: looked at before anything is made.

# The first az that has everything which the steps use: parameter files alone, Flex packages, zones of Flex.
oldest_az=2.67.0

check() {
    local file
    file=infra/main.bicepparam
    $by_azd || file=$(parameters)
    know_principal
    know_throughput
    know_dataset
    if $by_azd; then
        azd env set SLUICE_CURRENT_THROUGHPUT_UNITS "$SLUICE_CURRENT_THROUGHPUT_UNITS"
    fi
    check_az
    check_regions "$file"
    register_providers "$file"
    # Refuses what Azure would refuse: names, policies, and rights to assign roles that the deploying principal lacks.
    az deployment sub validate --name "$deployment" --location "$AZURE_LOCATION" --parameters "$file" --output none ||
        fail "$file cannot be deployed, as az says above; nothing was made"
}

# asks_for PARAMETER FILE: whether a parameter file sets a switch. One that is computed counts as set.
asks_for() {
    grep "^param $1 = " "$2" | grep -qv ' = false$'
}

check_az() {
    local version
    version=$(az version --query '"azure-cli"' --output tsv)
    printf '%s\n' "$oldest_az" "$version" | sort --version-sort --check=quiet ||
        fail "az is version $version, and $oldest_az is needed: run az upgrade"
}

check_regions() {
    local file=$1 zones=false where regions found location
    where='a place for Flex Consumption'
    if asks_for zoneRedundant "$file"; then
        zones=true
        where='a place for Flex Consumption with zones, and zoneRedundant is set'
    fi
    # As az lists them.
    location=${AZURE_LOCATION,,}
    location=${location// /}
    regions=$(az functionapp list-flexconsumption-locations --zone-redundant "$zones" --query '[].name' --output tsv)
    grep -qxF "$location" <<<"$regions" ||
        fail "$AZURE_LOCATION is not $where; these regions are: ${regions//$'\n'/ }"
    if $zones; then
        found=$(az sql db list-editions --location "$location" --edition GeneralPurpose --output tsv \
            --query "length([].supportedServiceLevelObjectives[] | [?sku.name=='GP_S_Gen5' && zoneRedundant])")
        ((found > 0)) ||
            fail "$AZURE_LOCATION has no serverless database with zones, and zoneRedundant is set in $file"
    fi
}

# Azure registers the providers of the resources in a template, and not those that a resource only names.
register_providers() {
    local state
    # The subnet of the app is delegated to it.
    asks_for networkIsolation "$1" || return 0
    state=$(az provider show --namespace Microsoft.App --query registrationState --output tsv)
    [[ $state != Registered ]] || return 0
    printf 'registering the resource provider Microsoft.App, a minute or two\n' >&2
    az provider register --namespace Microsoft.App --wait ||
        fail "the resource provider Microsoft.App must be registered in subscription $subscription, by somebody who may:" \
            "az provider register --namespace Microsoft.App --wait"
}
