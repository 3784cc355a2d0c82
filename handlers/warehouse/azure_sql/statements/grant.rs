//! What lets an app's managed identity into a database; pure text.
//!
//! The user is made from the identity's client id, so that neither the server nor whoever runs this has to look
//! anything up in Entra. It can do what gold does in gold's own schema, and nothing anywhere else.

use uuid::Uuid;

use super::sql_schema::{literal, quote};

/// Who is let in, and where.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The identity's client id; the object id of a user or a group.
    pub id: Uuid,
    /// The schema.
    pub schema: &'a str,
    /// What it may do.
    pub rights: Rights,
}

/// What a principal may do in gold's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Publish: make and fill tables and views.
    Publish,
    /// Read, as a user or an application, or as a group.
    Read {
        /// Whether it is a group.
        group: bool,
    },
}

impl Grant<'_> {
    /// Returns the statements that let the principal in, each a batch of its own, and each safe to repeat.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        let user = quote(self.user);
        let user_text = literal(self.user);
        let schema = quote(self.schema);
        let schema_text = literal(self.schema);
        let create_schema = literal(&format!("CREATE SCHEMA {schema} AUTHORIZATION [dbo]"));
        let sid = sid(self.id);
        // Azure SQL keeps groups apart from who logs in as themselves.
        let kind = match self.rights {
            Rights::Read { group: true } => "X",
            Rights::Read { group: false } | Rights::Publish => "E",
        };
        let named = format!("SELECT 1 FROM sys.database_principals WHERE name = {user_text}");
        let mut statements = vec![
            format!("IF SCHEMA_ID({schema_text}) IS NULL EXEC({create_schema})"),
            // An identity that was deleted and made again has another id under the same name.
            format!("IF EXISTS ({named} AND sid <> {sid}) DROP USER {user}"),
            format!("IF NOT EXISTS ({named}) CREATE USER {user} WITH SID = {sid}, TYPE = {kind}"),
        ];
        match self.rights {
            Rights::Publish => statements.extend([
                // Names without a schema are gold's.
                format!("ALTER USER {user} WITH DEFAULT_SCHEMA = {schema}"),
                format!(
                    "GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::{schema} TO {user}"
                ),
                // Of use only together with ALTER on a schema, and there is no other one.
                format!("GRANT CREATE TABLE, CREATE VIEW TO {user}"),
            ]),
            Rights::Read { .. } => {
                statements.push(format!("GRANT SELECT ON SCHEMA::{schema} TO {user}"));
            }
        }
        statements
    }
}

/// Returns the SID that Azure SQL derives from a client id: its bytes, the first three fields lowest byte first.
fn sid(client_id: Uuid) -> String {
    let bytes = client_id.to_bytes_le();
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("0x{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT_ID: Uuid = Uuid::from_u128(0x1122_3344_5566_7788_99aa_bbcc_ddee_ff00);

    #[test]
    fn the_identity_gets_what_gold_needs_in_its_own_schema_only() {
        let grant = Grant {
            user: "id-sluice-orders-dev",
            id: CLIENT_ID,
            rights: Rights::Publish,
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
        assert_eq!(grant.statements(), expected);
    }

    #[test]
    fn a_reader_gets_to_read_and_nothing_else() {
        for (group, kind) in [(true, "X"), (false, "E")] {
            let grant = Grant {
                user: "analysts",
                id: CLIENT_ID,
                schema: "gold",
                rights: Rights::Read { group },
            };
            let statements = grant.statements();
            let made = format!(
                "CREATE USER [analysts] WITH SID = 0x443322116655887799AABBCCDDEEFF00, TYPE = {kind}"
            );
            assert!(statements[2].ends_with(&made), "{statements:#?}");
            assert_eq!(
                statements[3..],
                ["GRANT SELECT ON SCHEMA::[gold] TO [analysts]"]
            );
        }
    }

    #[test]
    fn names_cannot_break_out_of_their_quotes() {
        let grant = Grant {
            user: "a]; DROP TABLE x --'",
            id: CLIENT_ID,
            rights: Rights::Publish,
            schema: "it's]",
        };
        let statements = grant.statements();
        assert_eq!(
            statements[0],
            "IF SCHEMA_ID(N'it''s]') IS NULL EXEC(N'CREATE SCHEMA [it''s]]] AUTHORIZATION [dbo]')"
        );
        assert!(statements[1].contains("name = N'a]; DROP TABLE x --'''"));
        assert!(statements[1].ends_with("DROP USER [a]]; DROP TABLE x --']"));
    }
}
