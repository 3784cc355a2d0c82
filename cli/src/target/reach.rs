//! Addresses, and whether somebody answers there.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The port of AMQP without TLS, which only emulators speak.
const AMQP_PORT: u16 = 5672;
/// How long something on this machine may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Returns whether something takes connections there.
pub(super) fn answers(host: &str, port: u16) -> bool {
    let addresses = (host, port).to_socket_addrs();
    addresses
        .into_iter()
        .flatten()
        .any(|address| TcpStream::connect_timeout(&address, TIMEOUT).is_ok())
}

/// Returns the address in a connection string of Event Hubs.
pub(super) fn endpoint(connection: &str) -> Option<&str> {
    let fields = connection.split(';');
    let fields = fields.filter_map(|field| field.split_once('='));
    let mut endpoints = fields.filter(|(name, _)| name.trim().eq_ignore_ascii_case("endpoint"));
    let (_, address) = endpoints.next()?.1.split_once("://")?;
    Some(address.trim().trim_end_matches('/'))
}

/// Where the emulator of a connection string is, if it is for one.
pub(super) fn emulator(connection: &str) -> Option<(String, u16)> {
    if !connection
        .to_lowercase()
        .contains("usedevelopmentemulator=true")
    {
        return None;
    }
    let address = endpoint(connection)?;
    Some(match address.rsplit_once(':') {
        Some((host, port)) => (host.to_owned(), port.parse().ok()?),
        None => (address.to_owned(), AMQP_PORT),
    })
}
