//! Gold: stub
