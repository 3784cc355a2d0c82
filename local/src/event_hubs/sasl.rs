//! Authentication: loopback only, so everybody is let in.

use fe2o3_amqp::acceptor::SaslAcceptor;
use fe2o3_amqp::acceptor::sasl_acceptor::SaslServerFrame;
use fe2o3_amqp_types::primitives::{Array, Symbol};
use fe2o3_amqp_types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};

/// Offers what Event Hubs offers and accepts whatever comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct AcceptAll;

const ACCEPTED: SaslServerFrame = SaslServerFrame::Outcome(SaslOutcome {
    code: SaslCode::Ok,
    additional_data: None,
});

impl SaslAcceptor for AcceptAll {
    fn mechanisms(&self) -> Array<Symbol> {
        ["MSSBCBS", "ANONYMOUS", "PLAIN", "EXTERNAL"]
            .map(Symbol::from)
            .to_vec()
            .into()
    }

    fn on_init(&mut self, _init: SaslInit) -> SaslServerFrame {
        ACCEPTED
    }

    fn on_response(&mut self, _response: SaslResponse) -> SaslServerFrame {
        ACCEPTED
    }
}
