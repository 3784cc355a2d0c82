//! Messages as bytes, and receivers with and without an owner level, which no SDK for Rust can do.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::time::Duration;

use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::link::delivery::Sendable;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::{Connection, Receiver, Sender, Session};
use fe2o3_amqp_types::messaging::{Body, Data, Message, Outcome, Source};
use fe2o3_amqp_types::primitives::{Binary, OrderedMap, Symbol, Value};
use sluice_local::event_hubs::Namespace;

/// The format of a message whose data sections are messages.
pub(crate) const BATCH: u32 = 0x8001_3700;

async fn session(namespace: &Namespace) -> (ConnectionHandle<()>, SessionHandle<()>) {
    let mut connection = Connection::builder()
        .container_id("raw")
        .sasl_profile(SaslProfile::Anonymous)
        .open(namespace.endpoint().as_str())
        .await
        .unwrap();
    let session = Session::begin(&mut connection).await.unwrap();
    (connection, session)
}

/// Sends a message of this format with these data sections; the error says why it was rejected.
pub(crate) async fn send_raw(
    namespace: &Namespace,
    address: &str,
    format: u32,
    sections: &[&[u8]],
) -> Result<(), String> {
    let (_connection, mut session) = session(namespace).await;
    let mut link = Sender::attach(&mut session, "raw", address).await.unwrap();
    let data = sections
        .iter()
        .map(|bytes| Data(Binary::from(bytes.to_vec())));
    let body = Body::<Value>::Data(data.collect::<Vec<_>>().into());
    let message = Message::builder().body(body).build();
    let sendable = Sendable::builder().message(message).message_format(format);
    match link.send(sendable.build()).await.unwrap() {
        Outcome::Accepted(_) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// A receiver of partition 0, in the group `$Default`.
#[derive(Debug)]
pub(crate) struct RawReceiver {
    link: Receiver,
    _session: SessionHandle<()>,
    _connection: ConnectionHandle<()>,
}

impl RawReceiver {
    /// Attaches, or says why that was refused.
    pub(crate) async fn attach(
        namespace: &Namespace,
        hub: &str,
        level: Option<i64>,
    ) -> Result<Self, String> {
        let (connection, mut session) = session(namespace).await;
        let address = format!("{hub}/ConsumerGroups/$Default/Partitions/0");
        let epoch = level.map(|level| (Symbol::from("com.microsoft:epoch"), Value::Long(level)));
        let attached = Receiver::builder()
            .name(format!("reader-{level:?}"))
            .source(Source::builder().address(address).build())
            .properties(OrderedMap::from_iter(epoch))
            .attach(&mut session)
            .await;
        Ok(Self {
            link: attached.map_err(|error| format!("{error:?}"))?,
            _session: session,
            _connection: connection,
        })
    }

    /// The next event's body, or why there is none.
    pub(crate) async fn receive(&mut self) -> Result<Vec<u8>, String> {
        let received = self.link.recv::<Body<Value>>();
        let received = tokio::time::timeout(Duration::from_secs(20), received)
            .await
            .unwrap();
        let delivery = received.map_err(|error| format!("{error:?}"))?;
        Ok(delivery
            .body()
            .try_as_data()
            .unwrap()
            .flat_map(|data| data.to_vec())
            .collect())
    }

    pub(crate) async fn close(self) {
        self.link.close().await.unwrap();
    }
}
