//! `sluice sql-grant`: lets the app's managed identity into the database, and readers.

use std::error::Error;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sluice::warehouse::azure_sql::{Grant, Rights};
use sluice::warehouse::{Options, azure_sql};
use uuid::Uuid;

use crate::output::{print, say};
use crate::target::{Written, say_target};

/// Let the app's managed identity into the Azure SQL database, or somebody who reads
///
/// Run it as an administrator of the server. Running it again changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice sql-grant --server sql-x.database.windows.net --identity id-x --client-id 11223344-5566-7788-99aa-bbccddeeff00
  sluice sql-grant --server sql-x.database.windows.net --reader group --identity analysts --client-id 55667788-99aa-bbcc-ddee-ff0011223344")]
pub(crate) struct SqlGrantArguments {
    /// The server, such as sql-abc.database.windows.net
    #[arg(long, value_name = "HOST")]
    server: String,
    /// The database
    #[arg(long, value_name = "NAME", default_value = "gold")]
    database: String,
    /// The managed identity's name, which becomes the user's; with --reader, the reader's
    #[arg(long, value_name = "NAME")]
    identity: String,
    /// The managed identity's client id; of a user or a group, the object id
    #[arg(long, value_name = "GUID")]
    client_id: Uuid,
    /// The schema that gold's tables are in
    #[arg(long, value_name = "NAME", default_value = "gold")]
    schema: String,
    /// Let it read gold's tables and views only; what it is in Entra
    #[arg(long, value_name = "KIND")]
    reader: Option<Reader>,
    /// Print the statements and run nothing
    #[arg(long)]
    print: bool,
    /// Print an object with the user, its rights, the statements and whether they were run
    #[arg(long)]
    json: bool,
}

/// What a reader is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Reader {
    /// A person, by the object id
    User,
    /// A group, by the object id
    Group,
    /// A service principal or a managed identity, by the client id
    Application,
}

/// Makes the user and its rights.
pub(crate) async fn run(
    arguments: &SqlGrantArguments,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let grant = Grant {
        user: &arguments.identity,
        id: arguments.client_id,
        schema: &arguments.schema,
        rights: match arguments.reader {
            None => Rights::Publish,
            Some(reader) => Rights::Read {
                group: matches!(reader, Reader::Group),
            },
        },
    };
    let statements = grant.statements();
    if arguments.print && arguments.json {
        print(&arguments.result(&statements).to_string());
        return Ok(true);
    }
    if arguments.print {
        for statement in statements {
            print(&format!("{statement};\nGO"));
        }
        return Ok(true);
    }
    let (server, database) = (&arguments.server, &arguments.database);
    let connection = connection_string(server, database)?;
    say_target(&Written {
        database: Some(format!("{server}/{database}")),
        whose: "the command line names it".to_owned(),
        ..Written::default()
    });
    azure_sql::administer(&connection, &Options::default(), &statements).await?;
    if arguments.json {
        print(&arguments.result(&statements).to_string());
        return Ok(true);
    }
    let what = arguments.reader.map_or("use", |_| "read");
    say(&format!(
        "{} may {what} schema {} of {database} on {server}",
        arguments.identity, arguments.schema
    ));
    Ok(true)
}

impl SqlGrantArguments {
    /// What was done, or is to be, for programs.
    fn result(&self, statements: &[String]) -> Value {
        json!({
            "server": self.server,
            "database": self.database,
            "schema": self.schema,
            "user": self.identity,
            "rights": self.reader.map_or("publish", |_| "read"),
            "statements": statements,
            "is_done": !self.print,
        })
    }
}

/// Returns how an administrator who is logged in to the Azure CLI reaches the database.
fn connection_string(server: &str, database: &str) -> Result<String, String> {
    for name in [server, database] {
        if name.contains([';', '=', '"', '\'']) {
            return Err(format!(
                "connect to the database: {name:?} is not a name: it must not contain ; = \" or '"
            ));
        }
    }
    Ok(format!(
        "Server=tcp:{server},1433;Database={database};Encrypt=True;Authentication=Active Directory Default"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_reached_encrypted_and_with_a_token() {
        let connection = connection_string("sql-x.database.windows.net", "gold").unwrap();
        assert_eq!(
            connection,
            "Server=tcp:sql-x.database.windows.net,1433;Database=gold;Encrypt=True;Authentication=Active Directory Default"
        );
        for (server, database) in [("x;Encrypt=False", "gold"), ("x", "gold\"")] {
            let error = connection_string(server, database).unwrap_err();
            assert!(error.contains("must not contain"), "{error}");
        }
    }
}
