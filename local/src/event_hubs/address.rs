//! What a link address means.

/// The node at the other end of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// `$cbs`: tokens.
    Tokens,
    /// `$management`: properties of hubs and partitions.
    Management,
    /// `<hub>` or `<hub>/Partitions/<id>`: events come in.
    Ingest {
        hub: String,
        partition: Option<String>,
    },
    /// `<hub>/ConsumerGroups/<group>/Partitions/<id>`: events go out.
    Egress {
        hub: String,
        group: String,
        partition: String,
    },
}

/// Reads a link address, with or without `amqps://host[:port]/` in front.
///
/// # Errors
/// Returns the path if it does not lead to a hub.
pub(super) fn parse(address: &str) -> Result<Node, String> {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => address,
    };
    let path = path.trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let is = |part: &str, name: &str| part.eq_ignore_ascii_case(name);
    match parts.as_slice() {
        ["$cbs"] => Ok(Node::Tokens),
        ["$management"] | [_, "$management"] => Ok(Node::Management),
        [""] => Err(path.to_owned()),
        [hub] => Ok(Node::Ingest {
            hub: (*hub).to_owned(),
            partition: None,
        }),
        [hub, word, id] if is(word, "Partitions") => Ok(Node::Ingest {
            hub: (*hub).to_owned(),
            partition: Some((*id).to_owned()),
        }),
        [hub, groups, group, word, id]
            if is(groups, "ConsumerGroups") && is(word, "Partitions") =>
        {
            Ok(Node::Egress {
                hub: (*hub).to_owned(),
                group: (*group).to_owned(),
                partition: (*id).to_owned(),
            })
        }
        _ => Err(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_sdks_are_understood() {
        let ingest = |partition: Option<&str>| Node::Ingest {
            hub: "orders".into(),
            partition: partition.map(Into::into),
        };
        let egress = Node::Egress {
            hub: "orders".into(),
            group: "$Default".into(),
            partition: "0".into(),
        };
        for (address, expected) in [
            ("$cbs", Node::Tokens),
            ("$management", Node::Management),
            ("orders/$management", Node::Management),
            ("orders", ingest(None)),
            ("amqps://127.0.0.1/orders", ingest(None)),
            (
                "amqps://127.0.0.1:5672/orders/Partitions/2",
                ingest(Some("2")),
            ),
            ("orders/Partitions/2/", ingest(Some("2"))),
            (
                "orders/ConsumerGroups/$Default/Partitions/0",
                egress.clone(),
            ),
            (
                "sb://127.0.0.1:5672/orders/consumergroups/$Default/partitions/0",
                egress,
            ),
        ] {
            assert_eq!(parse(address), Ok(expected), "{address}");
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for address in [
            "",
            "amqps://127.0.0.1",
            "orders/Partitions",
            "orders/a/b/c",
            "a/b/c/d/e",
        ] {
            assert!(parse(address).is_err(), "{address}");
        }
    }
}
