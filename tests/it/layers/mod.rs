//! The rules of each layer, word for word, and the protocol of the host that calls them.

mod bronze;
mod gold;
mod host;
mod silver;
