//! Reading tables: what is accepted, and how each fault is reported.

#[macro_use]
mod support;

mod categories;
mod columns;
mod text;
mod values;
