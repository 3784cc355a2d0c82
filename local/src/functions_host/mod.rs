//! A local Functions host.
