//! `sluice sql-grant`: lets the app's managed identity into the database.
//!
//! The user is made from the identity's client id, so that neither the server nor whoever runs this has to look
//! anything up in Entra. It can do what gold does in gold's own schema, and nothing anywhere else.

use std::error::Error;
use std::io::Write;

use clap::Args;
use sluice::warehouse::{Options, azure_sql};
use uuid::Uuid;

/// Let the app's managed identity into the Azure SQL database
///
/// Run by an administrator of the server. Any number of times leaves the same user and the same rights.
#[derive(Debug, Args)]
pub(crate) struct SqlGrantArguments {
    /// The server, such as sql-abc.database.windows.net
    #[arg(long, value_name = "HOST")]
    server: String,
    /// The database
    #[arg(long, value_name = "NAME", default_value = "gold")]
    database: String,
    /// The managed identity's name, which becomes the user's
    #[arg(long, value_name = "NAME")]
    identity: String,
    /// The managed identity's client id
    #[arg(long, value_name = "GUID")]
    client_id: Uuid,
    /// The schema that gold's tables are in
    #[arg(long, value_name = "NAME", default_value = "gold")]
    schema: String,
    /// Print the statements and run nothing
    #[arg(long)]
    print: bool,
}

/// Who is let in, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant<'a> {
    /// The user's name.
    pub(crate) user: &'a str,
    /// The identity's client id.
    pub(crate) client_id: Uuid,
    /// The schema.
    pub(crate) schema: &'a str,
}

/// Makes the user and its rights.
pub(crate) async fn run(
    arguments: &SqlGrantArguments,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let statements = statements(Grant {
        user: &arguments.identity,
        client_id: arguments.client_id,
        schema: &arguments.schema,
    });
    if arguments.print {
        let mut out = std::io::stdout().lock();
        for statement in statements {
            writeln!(out, "{statement};\nGO")?;
        }
        return Ok(true);
    }
    let (server, database) = (&arguments.server, &arguments.database);
    let connection = connection_string(server, database)?;
    azure_sql::administer(&connection, &Options::default(), &statements).await?;
    eprintln!(
        "{} may use schema {} of {database} on {server}",
        arguments.identity, arguments.schema
    );
    Ok(true)
}

/// Returns how an administrator who is logged in to the Azure CLI reaches the database.
fn connection_string(server: &str, database: &str) -> Result<String, String> {
    for name in [server, database] {
        if name.contains([';', '=', '"', '\'']) {
            return Err(format!("connect to the database: {name:?} is no name"));
        }
    }
    Ok(format!(
        "Server=tcp:{server},1433;Database={database};Encrypt=True;Authentication=Active Directory Default"
    ))
}

/// Returns the statements that let the identity in, each a batch of its own, and each safe to repeat.
pub(crate) fn statements(grant: Grant<'_>) -> Vec<String> {
    let user = bracketed(grant.user);
    let user_text = text(grant.user);
    let schema = bracketed(grant.schema);
    let schema_text = text(grant.schema);
    let create_schema = text(&format!("CREATE SCHEMA {schema} AUTHORIZATION [dbo]"));
    let sid = sid(grant.client_id);
    let named = format!("SELECT 1 FROM sys.database_principals WHERE name = {user_text}");
    vec![
        format!("IF SCHEMA_ID({schema_text}) IS NULL EXEC({create_schema})"),
        // An identity that was deleted and made again has another id under the same name.
        format!("IF EXISTS ({named} AND sid <> {sid}) DROP USER {user}"),
        format!("IF NOT EXISTS ({named}) CREATE USER {user} WITH SID = {sid}, TYPE = E"),
        // Names without a schema are gold's.
        format!("ALTER USER {user} WITH DEFAULT_SCHEMA = {schema}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::{schema} TO {user}"),
        // Of use only together with ALTER on a schema, and there is no other one.
        format!("GRANT CREATE TABLE, CREATE VIEW TO {user}"),
    ]
}

/// Returns the SID that Azure SQL derives from a client id: its bytes, the first three fields lowest byte first.
fn sid(client_id: Uuid) -> String {
    let bytes = client_id.to_bytes_le();
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("0x{digits}")
}

fn bracketed(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

fn text(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT_ID: Uuid = Uuid::from_u128(0x1122_3344_5566_7788_99aa_bbcc_ddee_ff00);

    #[test]
    fn the_identity_gets_what_gold_needs_in_its_own_schema_only() {
        let grant = Grant {
            user: "id-sluice-orders-dev",
            client_id: CLIENT_ID,
            schema: "gold",
        };
        let expected = [
            "IF SCHEMA_ID(N'gold') IS NULL EXEC(N'CREATE SCHEMA [gold] AUTHORIZATION [dbo]')",
            "IF EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'id-sluice-orders-dev' AND sid <> 0x443322116655887799AABBCCDDEEFF00) DROP USER [id-sluice-orders-dev]",
            "IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = N'id-sluice-orders-dev') CREATE USER [id-sluice-orders-dev] WITH SID = 0x443322116655887799AABBCCDDEEFF00, TYPE = E",
            "ALTER USER [id-sluice-orders-dev] WITH DEFAULT_SCHEMA = [gold]",
            "GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::[gold] TO [id-sluice-orders-dev]",
            "GRANT CREATE TABLE, CREATE VIEW TO [id-sluice-orders-dev]",
        ];
        assert_eq!(statements(grant), expected);
    }

    #[test]
    fn the_database_is_reached_encrypted_and_with_a_token() {
        let connection = connection_string("sql-x.database.windows.net", "gold").unwrap();
        assert_eq!(
            connection,
            "Server=tcp:sql-x.database.windows.net,1433;Database=gold;Encrypt=True;Authentication=Active Directory Default"
        );
        assert!(connection_string("x;Encrypt=False", "gold").is_err());
    }

    #[test]
    fn names_cannot_break_out_of_their_quotes() {
        let grant = Grant {
            user: "a]; DROP TABLE x --'",
            client_id: CLIENT_ID,
            schema: "it's]",
        };
        let statements = statements(grant);
        assert_eq!(
            statements[0],
            "IF SCHEMA_ID(N'it''s]') IS NULL EXEC(N'CREATE SCHEMA [it''s]]] AUTHORIZATION [dbo]')"
        );
        assert!(statements[1].contains("name = N'a]; DROP TABLE x --'''"));
        assert!(statements[1].ends_with("DROP USER [a]]; DROP TABLE x --']"));
    }
}
