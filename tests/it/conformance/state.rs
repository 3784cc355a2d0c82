//! What every state store does.
