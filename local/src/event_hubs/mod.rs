//! A local Event Hubs namespace.
