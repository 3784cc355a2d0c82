//! Whose namespace it is, in words of its owner: told to whoever asks before anything of AMQP.
//!
//! ```text
//! client: SLUICE?\n
//! namespace: {what its owner says}\n   (or nothing, if that said nothing), and the end
//! ```
//!
//! The service knows nothing of the kind, but on one machine several namespaces have the same key, and a port that one has
//! left may be another's.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const QUESTION: &[u8] = b"SLUICE?\n";
/// How long an answer may be.
const LONGEST: u64 = 64 * 1024;
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a namespace on this machine says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamespaceIdentity {
    /// Nobody is there.
    Nobody,
    /// Somebody is there, and says nothing.
    Somebody,
    /// What the owner of the namespace says.
    Said(String),
}

/// Asks whoever listens at `host` and `port`, on this machine, whose namespace it is.
///
/// Another program gets a line that it does not know, and counts as somebody.
pub async fn ask(host: &str, port: u16) -> NamespaceIdentity {
    let asked = tokio::time::timeout(PATIENCE, async {
        let Ok(mut stream) = TcpStream::connect((host, port)).await else {
            return NamespaceIdentity::Nobody;
        };
        let mut answer = String::new();
        let heard = match stream.write_all(QUESTION).await {
            Ok(()) => stream.take(LONGEST).read_to_string(&mut answer).await,
            Err(error) => Err(error),
        };
        match (heard, answer.strip_suffix('\n')) {
            (Ok(_), Some(said)) if !said.is_empty() => NamespaceIdentity::Said(said.to_owned()),
            _ => NamespaceIdentity::Somebody,
        }
    });
    // Who listens and does not answer is there all the same.
    asked.await.unwrap_or(NamespaceIdentity::Somebody)
}

/// Answers if `stream` asks; otherwise nothing is taken from it. Returns whether it asked.
pub(super) async fn answer(stream: &mut TcpStream, identity: Option<&str>) -> bool {
    let mut first = [0; QUESTION.len()];
    loop {
        // A lost connection is the acceptor's business.
        let seen = stream.peek(&mut first).await.unwrap_or(0);
        let is_start = first
            .get(..seen)
            .is_some_and(|seen| QUESTION.starts_with(seen));
        match seen {
            0 => return false,
            _ if !is_start => return false,
            QUESTION_LENGTH => break,
            // The rest of a question is in the same segment, or on its way.
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
    let said = identity.map(|text| format!("{text}\n")).unwrap_or_default();
    // What is left unread would end the connection before the answer has arrived. Who has gone does not need one.
    if stream.read_exact(&mut first).await.is_ok() {
        let _ = stream.write_all(said.as_bytes()).await;
    }
    true
}

const QUESTION_LENGTH: usize = QUESTION.len();

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::*;
    use crate::event_hubs::{HubConfig, Namespace, NamespaceConfig};

    #[tokio::test]
    async fn a_namespace_says_what_its_owner_has_said_and_others_nothing() {
        let namespace = Namespace::start(NamespaceConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data_dir: None,
            hubs: vec![HubConfig {
                name: "events".to_owned(),
                partitions: 1,
                consumer_groups: Vec::new(),
            }],
        })
        .await
        .unwrap();
        let port = namespace.local_addr().port();
        assert_eq!(ask("127.0.0.1", port).await, NamespaceIdentity::Somebody);
        namespace.identify("orders here".to_owned());
        let said = NamespaceIdentity::Said("orders here".to_owned());
        assert_eq!(ask("127.0.0.1", port).await, said);
        namespace.shutdown().await.unwrap();
        assert_eq!(ask("127.0.0.1", port).await, NamespaceIdentity::Nobody);
    }
}
