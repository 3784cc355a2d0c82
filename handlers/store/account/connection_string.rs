//! Storage connection strings, as the Azure tools write them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::access::{Access, Endpoints};
use super::problem::Problem;
use super::sas::AccountKey;

/// The emulator's account, published by Microsoft.
pub const EMULATOR_ACCOUNT: &str = "devstoreaccount1";
/// The emulator's key, published by Microsoft.
pub const EMULATOR_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The services, as fields name them.
const SERVICES: [&str; 3] = ["blob", "queue", "table"];
/// The emulator's ports for blobs, queues and tables.
const EMULATOR_PORTS: [u16; 3] = [10_000, 10_001, 10_002];

/// The fields of a connection string: `name=value` pairs, separated by semicolons.
///
/// Names are compared without case, a value may hold `=`, and of a name that stands twice the last value counts.
/// Nothing of it is shown by `Debug` or by an error but names, for the values are secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

/// A connection string that is not made of `name=value` pairs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {position} of the connection string is not of the form name=value")]
pub struct MalformedField {
    /// Which field, counted from 1.
    pub position: usize,
}

impl Fields {
    /// Reads all fields; empty ones are passed over.
    ///
    /// # Errors
    /// Fails if a field has no `=`.
    pub fn parse(text: &str) -> Result<Self, MalformedField> {
        let fields = text
            .split(';')
            .map(str::trim)
            .enumerate()
            .filter(|(_, field)| !field.is_empty())
            .map(|(index, field)| {
                let position = index + 1;
                let (name, value) = field.split_once('=').ok_or(MalformedField { position })?;
                Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            });
        fields.collect::<Result<_, _>>().map(Self)
    }

    /// Returns the value of a field, in whatever case its name is written.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_ascii_lowercase()).map(String::as_str)
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Reads endpoints and credential from a connection string.
pub(super) fn parse(text: &str) -> Result<(Endpoints, Access), Problem> {
    let fields = Fields::parse(text).map_err(|_| Problem::NotAConnectionString)?;
    let field = |name: &str| fields.get(name);
    if field("usedevelopmentstorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return emulator(field("developmentstorageproxyuri"));
    }

    check_whole(&fields)?;
    let endpoints = Endpoints {
        blob: endpoint(&fields, "blob")?,
        queue: endpoint(&fields, "queue")?,
        table: endpoint(&fields, "table")?,
    };
    let access = match (
        field("accountname"),
        field("accountkey"),
        field("sharedaccesssignature"),
    ) {
        (Some(account), Some(key), _) => Access::Key(key_of(account, key)?),
        (_, _, Some(signature)) => Access::Signature(signature.trim_start_matches('?').to_owned()),
        (None, Some(_), None) => return Err(Problem::NoAccountName),
        (_, None, None) => return Err(Problem::NoCredential),
    };
    Ok((endpoints, access))
}

fn emulator(proxy: Option<&str>) -> Result<(Endpoints, Access), Problem> {
    let proxy = proxy.unwrap_or("http://127.0.0.1");
    let base = Url::parse(proxy).map_err(|_| Problem::Address("DevelopmentStorageProxyUri"))?;
    let at = |port: u16| {
        let mut url = base.clone();
        url.set_port(Some(port))
            .map_err(|()| Problem::Address("DevelopmentStorageProxyUri"))?;
        url.set_path(EMULATOR_ACCOUNT);
        Ok(Some(url))
    };
    let [blob, queue, table] = EMULATOR_PORTS;
    let endpoints = Endpoints {
        blob: at(blob)?,
        queue: at(queue)?,
        table: at(table)?,
    };
    Ok((
        endpoints,
        Access::Key(key_of(EMULATOR_ACCOUNT, EMULATOR_KEY)?),
    ))
}

/// Refuses a connection string that names some endpoints of an emulator and leaves others out: they would be taken for
/// those of an account of that name in Azure.
fn check_whole(fields: &Fields) -> Result<(), Problem> {
    // Without an account's name nothing is made up, and the account may do without a service.
    let Some(account) = fields.get("accountname") else {
        return Ok(());
    };
    let named = SERVICES.map(|service| (service, fields.get(&format!("{service}endpoint"))));
    let is_plain = |address: &str| address.to_ascii_lowercase().starts_with("http:");
    let is_emulator = account == EMULATOR_ACCOUNT
        || named
            .iter()
            .any(|(_, address)| address.is_some_and(is_plain));
    let missing = named.iter().find(|(_, address)| address.is_none());
    match missing {
        Some((service, _)) if is_emulator => Err(Problem::PartOfAnEmulator(service)),
        _ => Ok(()),
    }
}

/// Returns the endpoint that is named, or the one that the account's name gives.
fn endpoint(fields: &Fields, service: &'static str) -> Result<Option<Url>, Problem> {
    let field = |name: &str| fields.get(name);
    if let Some(address) = field(&format!("{service}endpoint")) {
        let url = Url::parse(address).map_err(|_| Problem::Address(service))?;
        return Ok(Some(url));
    }
    let Some(account) = field("accountname") else {
        return Ok(None);
    };
    let scheme = field("defaultendpointsprotocol").unwrap_or("https");
    let suffix = field("endpointsuffix").unwrap_or("core.windows.net");
    let url = Url::parse(&format!("{scheme}://{account}.{service}.{suffix}"))
        .map_err(|_| Problem::Address(service))?;
    Ok(Some(url))
}

fn key_of(account: &str, key: &str) -> Result<AccountKey, Problem> {
    let key = STANDARD.decode(key).map_err(|_| Problem::Key)?;
    Ok(AccountKey::new(account.to_owned(), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_any_case_and_hold_any_value() {
        let fields = Fields::parse(" A = 1 ;;b=c=d==;E=;a=2").unwrap();
        assert_eq!(fields.get("a"), Some("2"));
        assert_eq!(fields.get("B"), Some("c=d=="));
        assert_eq!(fields.get("e"), Some(""));
        assert_eq!(fields.get("f"), None);
        assert_eq!(Fields::parse("").unwrap().get("a"), None);
    }

    #[test]
    fn a_field_without_a_value_is_refused_by_its_place() {
        let refused = Fields::parse("A=1;;secret").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "field 3 of the connection string is not of the form name=value"
        );
    }

    #[test]
    fn values_are_not_shown() {
        let fields = Fields::parse("AccountKey=secret").unwrap();
        assert_eq!(format!("{fields:?}"), r#"{"accountkey"}"#);
    }
}
