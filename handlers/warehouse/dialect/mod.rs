//! Gold's tables and views as every kind of SQL has them; pure.
//!
//! What a kind of SQL says in its own way is its [`Dialect`]. Which tables, columns and views there are and how they are
//! laid out is said in `objects`, what books say in `known`, what is missing in a database and what does not fit in
//! `upkeep`, once for all kinds. Names come from the validated dataset file and are quoted.

mod balance;
mod columns;
mod definition;
mod known;
mod objects;
mod rankings;
mod removal;
mod summaries;
mod upkeep;

pub(super) use balance::balance;
pub(super) use definition::{
    Catalog, ColumnDefinition, Content, Dialect, Found, TableDefinition, ViewDefinition,
    create_table,
};
pub(super) use known::{BLOCKED, BookRow, Known, LIVE, REMOVED, state_of, state_of_note};
pub(super) use objects::{books, columns, description, table, views};
pub(super) use rankings::swapped;
pub(super) use removal::removal;
pub(super) use upkeep::{Upkeep, note_name, note_prepared, upkeep};
