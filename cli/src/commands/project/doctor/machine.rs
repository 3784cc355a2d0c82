//! Which of the ports that `up` prefers are free.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

use super::check::{Check, State};
use crate::pipeline::{AMQP_PORT, AZURITE_PORTS};

/// Looks at the ports.
pub(super) fn look() -> Vec<Check> {
    let [blobs, queues, tables] = AZURITE_PORTS;
    let ports = [
        (AMQP_PORT, "event hub"),
        (blobs, "blobs"),
        (queues, "queues"),
        (tables, "tables"),
    ];
    ports.map(|(port, what)| check(port, what)).into()
}

fn check(port: u16, what: &str) -> Check {
    let name = format!("port {port}, {what}");
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Check::ok(&name, "free"),
        Err(error) if error.kind() == ErrorKind::AddrInUse => taken(&name, "taken"),
        Err(error) => taken(&name, &format!("cannot be used: {error}")),
    }
}

fn taken(name: &str, found: &str) -> Check {
    Check::not_ok(
        name,
        State::Absent,
        found,
        "by a pipeline that runs, or by another program: `sluice up` then takes other ports",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_somebody_has_is_taken() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(check(port, "x").state, State::Absent);
        drop(listener);
        assert_eq!(check(port, "x").state, State::Ok);
    }
}
