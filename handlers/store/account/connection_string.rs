//! Storage connection strings, as the Azure tools write them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::access::{Access, Endpoints};
use super::problem::Problem;
use super::sas::AccountKey;

/// The emulator's account, published by Microsoft.
const EMULATOR_ACCOUNT: &str = "devstoreaccount1";
/// The emulator's key, published by Microsoft.
const EMULATOR_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The emulator's ports for blobs, queues and tables.
const EMULATOR_PORTS: [u16; 3] = [10_000, 10_001, 10_002];

/// Reads endpoints and credential from a connection string.
pub(super) fn parse(text: &str) -> Result<(Endpoints, Access), Problem> {
    let fields = fields(text)?;
    let field = |name: &str| fields.get(name).map(String::as_str);
    if field("usedevelopmentstorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return emulator(field("developmentstorageproxyuri"));
    }

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

fn fields(text: &str) -> Result<BTreeMap<String, String>, Problem> {
    text.split(';')
        .map(str::trim)
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = field.split_once('=').ok_or(Problem::NotAConnectionString)?;
            Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect()
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

/// Returns the endpoint that is named, or the one that the account's name gives.
fn endpoint(
    fields: &BTreeMap<String, String>,
    service: &'static str,
) -> Result<Option<Url>, Problem> {
    let field = |name: &str| fields.get(name).map(String::as_str);
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
