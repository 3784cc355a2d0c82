//! ADO connection strings, as every Azure SQL tool writes them, read into settings.
//!
//! No problem that is reported contains a value of the string, or a keyword that is not known: where a semicolon of a
//! password is not quoted, both are part of it.

use std::time::Duration;

use azure_core::credentials::Secret;

/// How long a connection may take, unless the string says.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the server may be silent within a statement, unless the string says.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(300);
/// The port of every server that is not told otherwise.
pub(super) const DEFAULT_PORT: u16 = 1433;
const AUTHENTICATIONS: &str =
    "Active Directory Managed Identity, Active Directory Default or Sql Password";
/// Keywords of other drivers that change nothing here.
const WITHOUT_MEANING: [&str; 20] = [
    "applicationintent",
    "columnencryptionsetting",
    "connectretrycount",
    "connectretryinterval",
    "currentlanguage",
    "driver",
    "enlist",
    "failoverpartner",
    "ipaddresspreference",
    "loadbalancetimeout",
    "maxpoolsize",
    "minpoolsize",
    "multipleactiveresultsets",
    "multisubnetfailover",
    "packetsize",
    "persistsecurityinfo",
    "poolblockingperiod",
    "pooling",
    "typesystemversion",
    "workstationid",
];

/// What a connection string says.
#[derive(Clone, Debug)]
pub(super) struct AdoSettings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) authentication: Authentication,
    pub(super) encryption: Encryption,
    /// Whether any certificate will do.
    pub(super) trust_certificate: bool,
    /// The name in the certificate, where it is not the host's.
    pub(super) certificate_host: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) command_timeout: Duration,
    pub(super) application: Option<String>,
}

/// How to log in.
#[derive(Clone, Debug)]
pub(super) enum Authentication {
    /// With a name and a password that the server knows.
    SqlPassword {
        /// The login.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// With a token of the app's managed identity.
    ManagedIdentity {
        /// Which one, where it has several.
        client_id: Option<String>,
    },
    /// With a token of the managed identity on Azure and of the developer's tools elsewhere.
    Default {
        /// Which managed identity, where there are several.
        client_id: Option<String>,
    },
}

/// What is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Everything, before the first byte of the protocol.
    Strict,
    /// Everything.
    Required,
    /// The login, if the server can.
    LoginOnly,
    /// Nothing.
    Nothing,
}

/// What the parts of a string say so far.
#[derive(Debug, Default)]
struct Parts {
    server: Option<String>,
    database: Option<String>,
    user: Option<String>,
    password: Option<String>,
    authentication: Option<String>,
    encrypt: Option<String>,
    trust: Option<bool>,
    certificate_host: Option<String>,
    connect_timeout: Option<Duration>,
    command_timeout: Option<Duration>,
    application: Option<String>,
}

/// Reads a connection string.
///
/// # Errors
/// Returns what is wrong with it and what is allowed.
pub(super) fn parse(text: &str) -> Result<AdoSettings, String> {
    let mut parts = Parts::default();
    for (position, (keyword, value)) in split(text)?.into_iter().enumerate() {
        parts.take(position + 1, &keyword, value)?;
    }
    let server = parts.server.as_deref().ok_or("it names no Server")?;
    let (host, port) = parse_server(server)?;
    let database = parts.database.take().ok_or("it names no Database")?;
    Ok(AdoSettings {
        host,
        port,
        database,
        encryption: parse_encryption(parts.encrypt.as_deref())?,
        trust_certificate: parts.trust.unwrap_or(false),
        certificate_host: parts.certificate_host.take(),
        connect_timeout: parts.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
        command_timeout: parts.command_timeout.unwrap_or(COMMAND_TIMEOUT),
        application: parts.application.take(),
        authentication: parts.authentication()?,
    })
}

impl Parts {
    fn take(&mut self, position: usize, keyword: &str, value: String) -> Result<(), String> {
        let text = (!value.is_empty()).then_some(value);
        match keyword {
            "server" | "datasource" | "address" | "addr" | "networkaddress" => self.server = text,
            "database" | "initialcatalog" => self.database = text,
            "userid" | "uid" | "user" => self.user = text,
            "password" | "pwd" => self.password = text,
            "authentication" => self.authentication = text,
            "encrypt" => self.encrypt = text,
            "trustservercertificate" => self.trust = parse_flag("TrustServerCertificate", text)?,
            "hostnameincertificate" => self.certificate_host = text,
            "connecttimeout" | "connectiontimeout" | "timeout" => {
                self.connect_timeout = parse_seconds("Connect Timeout", text)?;
            }
            "commandtimeout" => self.command_timeout = parse_seconds("Command Timeout", text)?,
            "applicationname" | "app" => self.application = text,
            "integratedsecurity" | "trustedconnection" => {
                if parse_flag("Integrated Security", text)? == Some(true) {
                    return Err(format!(
                        "Integrated Security cannot be used; set Authentication to {AUTHENTICATIONS}"
                    ));
                }
            }
            other if WITHOUT_MEANING.contains(&other) => {}
            _ => {
                return Err(format!(
                    "the keyword of its part {position} is not known; a value with a semicolon must be in quotes"
                ));
            }
        }
        Ok(())
    }

    fn authentication(self) -> Result<Authentication, String> {
        let method = match &self.authentication {
            Some(method) => without_spaces(method),
            None if self.password.is_some() => "sqlpassword".to_owned(),
            None => return Err(format!("it names no Authentication: {AUTHENTICATIONS}")),
        };
        match method.as_str() {
            "sqlpassword" => Ok(Authentication::SqlPassword {
                user: self.user.ok_or("Sql Password needs a User Id")?,
                password: self.password.ok_or("Sql Password needs a Password")?.into(),
            }),
            "activedirectorymanagedidentity" | "activedirectorymsi" => {
                let client_id = self.user;
                Ok(Authentication::ManagedIdentity { client_id })
            }
            "activedirectorydefault" => {
                let client_id = self.user;
                Ok(Authentication::Default { client_id })
            }
            _ => Err(format!("its Authentication is not {AUTHENTICATIONS}")),
        }
    }
}

/// Reads `[tcp:]host[,port]`.
fn parse_server(text: &str) -> Result<(String, u16), String> {
    let address = match text.split_once(':') {
        Some((protocol, rest)) if protocol.eq_ignore_ascii_case("tcp") => rest,
        Some((protocol, _)) if ["np", "lpc", "admin"].contains(&protocol) => {
            return Err("its Server must be reached by tcp".to_owned());
        }
        _ => text,
    };
    let (host, port) = match address.rsplit_once(',') {
        Some((host, port)) => {
            let port = port.trim().parse();
            let problem = "the port of its Server is not a number from 1 to 65535";
            (host, port.map_err(|_| problem)?)
        }
        None => (address, DEFAULT_PORT),
    };
    if port == 0 {
        return Err("the port of its Server is not a number from 1 to 65535".to_owned());
    }
    let host = host.trim();
    match host {
        "" => Err("its Server has no name".to_owned()),
        "." | "(local)" => Ok(("localhost".to_owned(), port)),
        _ if host.contains('\\') => Err(
            "its Server names an instance; use the port on which it listens: host,port".to_owned(),
        ),
        _ => Ok((host.to_owned(), port)),
    }
}

fn parse_encryption(text: Option<&str>) -> Result<Encryption, String> {
    let Some(text) = text else {
        return Ok(Encryption::Required);
    };
    match text.to_ascii_lowercase().as_str() {
        "strict" => Ok(Encryption::Strict),
        "true" | "yes" | "mandatory" | "required" => Ok(Encryption::Required),
        "false" | "no" | "optional" => Ok(Encryption::LoginOnly),
        // As the driver calls it; for servers on this machine.
        "danger_plaintext" => Ok(Encryption::Nothing),
        _ => Err("its Encrypt is not Strict, True or False".to_owned()),
    }
}

fn parse_flag(keyword: &str, text: Option<String>) -> Result<Option<bool>, String> {
    let Some(text) = text else {
        return Ok(None);
    };
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "sspi" => Ok(Some(true)),
        "false" | "no" => Ok(Some(false)),
        _ => Err(format!("its {keyword} is not True or False")),
    }
}

fn parse_seconds(keyword: &str, text: Option<String>) -> Result<Option<Duration>, String> {
    let seconds = text.map(|text| text.trim().parse::<u32>());
    match seconds {
        None => Ok(None),
        Some(Ok(seconds @ 1..)) => Ok(Some(Duration::from_secs(seconds.into()))),
        Some(_) => Err(format!("its {keyword} is not a number of seconds from 1")),
    }
}

fn without_spaces(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '_');
    kept.flat_map(char::to_lowercase).collect()
}

/// Splits a string into keywords, in lower case and without spaces, and values. A value in quotes may contain
/// semicolons, and its own quote doubled.
fn split(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(';') {
            rest = after.trim_start();
            continue;
        }
        let position = parts.len() + 1;
        let shape = || format!("its part {position} is not of the form keyword=value");
        let (keyword, after) = rest.split_once('=').ok_or_else(shape)?;
        if keyword.contains(';') {
            return Err(shape());
        }
        let (value, after) = take_value(after.trim_start()).ok_or_else(|| {
            format!("the value of its part {position} has a quote that is not closed")
        })?;
        parts.push((without_spaces(keyword), value));
        rest = after.trim_start();
    }
    Ok(parts)
}

/// Takes a value off the start of a text; nothing if its quote is not closed or something follows it.
fn take_value(text: &str) -> Option<(String, &str)> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let end = text.find(';').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return Some((value.trim_end().to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != quote {
            value.push(character);
            continue;
        }
        if characters.next_if(|(_, next)| *next == quote).is_some() {
            value.push(quote);
            continue;
        }
        let rest = text.get(at + 1..)?.trim_start();
        return (rest.is_empty() || rest.starts_with(';')).then_some((value, rest));
    }
    None
}

#[cfg(test)]
mod tests;
