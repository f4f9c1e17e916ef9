//! `docs/accuracy.md` states the budgets that the tests enforce.

use mdn_tests::budget::ALL;

const PAGE: &str = include_str!("../../docs/accuracy.md");

/// Each `` `NAME` = number `` of the page, in order.
fn stated() -> Vec<(&'static str, f64)> {
    let names = PAGE.split('`').skip(1).step_by(2);
    let texts = PAGE.split('`').skip(2).step_by(2);
    let pairs = names.zip(texts);
    pairs
        .filter_map(|(name, text)| {
            let number = text.strip_prefix(" = ")?;
            let end = number.find([' ', ',', ';']).unwrap_or(number.len());
            let value = number[..end].parse();
            Some((name, value.unwrap_or_else(|_| panic!("{name} = {number}"))))
        })
        .collect()
}

#[test]
fn the_page_states_the_budgets() {
    let sorted = |mut budgets: Vec<(&'static str, f64)>| {
        budgets.sort_by_key(|budget| budget.0);
        budgets
    };
    assert_eq!(sorted(stated()), sorted(ALL.to_vec()));
}
