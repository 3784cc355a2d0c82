//! Connections that log in with a token.

use std::sync::atomic::{AtomicUsize, Ordering};

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as Span, OffsetDateTime};

use super::*;

/// Hands out tokens that last for so long, and counts them.
#[derive(Debug)]
struct Tokens {
    last: Span,
    given: AtomicUsize,
}

#[async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://database.windows.net/.default"]);
        self.given.fetch_add(1, Ordering::SeqCst);
        let expires = OffsetDateTime::now_utc() + self.last;
        Ok(AccessToken::new("token", expires))
    }
}

#[tokio::test]
async fn a_connection_is_opened_anew_with_a_new_token_before_its_token_expires() {
    // Tokens that last are used by one connection; those that expire within five minutes by one operation each.
    for (minutes, connections) in [(60, 1), (4, 3)] {
        let server = Server::start(|_, request| healthy(request)).await;
        let login = "Authentication=Active Directory Managed Identity";
        let string = server.connection_string();
        let string = string.replace("User Id=u;Password=p", login);
        let options = Options::default();
        let mut warehouse = AzureSqlWarehouse::new(&string, &options, schema_of(TABLES)).unwrap();
        let tokens = Arc::new(Tokens {
            last: Span::minutes(minutes),
            given: AtomicUsize::new(0),
        });
        warehouse.connector.credential = Some(Arc::clone(&tokens) as _);
        for _ in 0..3 {
            assert!(apply(&warehouse).await.unwrap());
        }
        assert_eq!(server.logins(), connections);
        assert_eq!(tokens.given.load(Ordering::SeqCst), connections);
    }
}
