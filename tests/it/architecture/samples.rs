//! The rules on small sources: what they find, and what they let pass.

use super::imports::imports;
use super::places::Rule;
use super::source::{Files, Source, Violation};
use super::{cycles, levels, lines, parse, places, purity};

fn files(files: &[(&str, &str)]) -> Files {
    let owned = |(file, text): &(&str, &str)| ((*file).to_owned(), (*text).to_owned());
    Files(files.iter().map(owned).collect())
}

fn source(texts: &[(&str, &str)]) -> Source {
    parse("house", &files(texts))
}

fn refusal(texts: &[(&str, &str)]) -> String {
    lines(&Source::parse("house", &files(texts)).unwrap_err())
}

fn siblings(texts: &[(&str, &str)]) -> Vec<Violation> {
    cycles::among_entries(&imports(&source(texts)))
}

fn parents(texts: &[(&str, &str)]) -> Vec<Violation> {
    cycles::with_parents(&imports(&source(texts)))
}

#[test]
fn a_file_that_nothing_is_left_of_is_refused() {
    let text = "//! Doc.\n#[cfg(test)]\nmod tests { fn a() {} }\n#[cfg(test)] use crate::b;";
    let said = refusal(&[("lib.rs", "mod a;"), ("a.rs", text)]);
    assert_eq!(said, "a.rs: nothing is left of it without its tests");
}

#[test]
fn every_declared_module_has_a_file_and_every_file_is_declared() {
    assert_eq!(
        refusal(&[("lib.rs", "mod a;")]),
        "lib.rs: mod a has no file"
    );
    let said = refusal(&[("lib.rs", "fn f() {}"), ("a/b.rs", "fn f() {}")]);
    assert_eq!(
        said,
        "a/b.rs: no module declares it, so nothing compiles it"
    );
    assert_eq!(refusal(&[]), "house: there is neither lib.rs nor main.rs");
}

#[test]
fn modules_are_found_in_all_places_where_rust_looks() {
    let source = source(&[
        (
            "lib.rs",
            "mod a; mod b; #[path = \"odd/name.rs\"] mod c; #[cfg(test)] mod d;",
        ),
        ("a.rs", "mod x;"),
        ("a/x.rs", "fn f() {}"),
        ("b/mod.rs", "mod y;"),
        ("b/y.rs", "fn f() {}"),
        ("odd/name.rs", "fn f() {}"),
        ("main.rs", "mod z; fn main() {}"),
        ("z.rs", "fn f() {}"),
        ("d.rs", "mod more;"),
        ("d/more.rs", "fn only_for_tests() {}"),
    ]);
    let found: Vec<_> = source.modules.keys().map(|path| path.join("::")).collect();
    assert_eq!(found, ["", "a", "a::x", "b", "b::y", "c", "main", "z"]);
}

#[test]
fn code_after_a_test_module_is_read_and_tests_are_not() {
    let text = "#[cfg(test)] mod tests { use crate::b::B; }\n\n#[cfg(test)] fn t() { crate::b::b() }\nuse crate::c::C;";
    let source = source(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", text),
        (
            "b.rs",
            "pub struct B; impl B { #[cfg(test)] fn b() { crate::c::c() } fn d() {} }",
        ),
        ("c.rs", "pub struct C;"),
    ]);
    let found = imports(&source);
    let found: Vec<_> = found
        .iter()
        .map(|import| {
            (
                import.from.file.as_str(),
                import.line,
                import.path.join("::"),
            )
        })
        .collect();
    assert_eq!(found, [("a.rs", 4, "crate::c::C".to_owned())]);
}

#[test]
fn a_test_in_an_item_that_is_not_taken_apart_is_refused() {
    let said = refusal(&[("lib.rs", "struct A {\n  #[cfg(test)] a: u8,\n}")]);
    assert!(
        said.starts_with("lib.rs: line 2: #[cfg(test)] on a part"),
        "{said}"
    );
}

#[test]
fn an_import_is_one_of_the_file_that_defines_the_item() {
    let uses = [
        "use crate::a::Thing;",
        "use house::a::Thing as Other;",
        "use crate::a::inner::Thing;",
        "use crate::{a::{Thing}};",
        "use crate::a; fn f() -> a::Thing { todo!() }",
        "fn f(x: &super::a::Thing) {}",
        "fn f() { println!(\"{}\", crate::a::Thing::new()); }",
        "fn f() { use super::a::Thing; }",
        "fn f() -> Vec<crate::a::Thing> { vec![] }",
    ];
    for text in uses {
        let source = source(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod inner; mod deep; pub use deep::*;"),
            ("a/inner.rs", "pub use super::deep::Thing;"),
            ("a/deep.rs", "pub struct Thing;"),
            ("b.rs", text),
        ]);
        let imports = imports(&source);
        let from_b = imports
            .iter()
            .filter(|import| import.from.file == "b.rs" && import.is_item);
        let targets: Vec<_> = from_b.filter_map(|import| import.target).collect();
        let files: Vec<_> = targets.iter().map(|target| target.file.as_str()).collect();
        assert_eq!(files, ["a/deep.rs"], "{text}");
    }
}

#[test]
fn files_that_import_each_other_are_a_circle() {
    let found = siblings(&[
        ("lib.rs", "mod silver;"),
        ("silver/mod.rs", "mod cast; mod rows;"),
        (
            "silver/cast.rs",
            "//! Doc.\n\nuse super::rows::Rows;\npub struct Line;",
        ),
        (
            "silver/rows.rs",
            "pub struct Rows;\nfn f(_: super::cast::Line) {}",
        ),
    ]);
    assert_eq!(
        lines(&found),
        "silver/cast.rs:3 imports silver/rows.rs, and rows imports cast back\n\
         silver/rows.rs:2 imports silver/cast.rs, and cast imports rows back"
    );
}

#[test]
fn folders_are_a_circle_through_different_files() {
    let found = siblings(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a/mod.rs", "mod one; mod two; pub use one::One;"),
        ("a/one.rs", "pub struct One;"),
        ("a/two.rs", "use crate::b::B;"),
        ("b.rs", "use crate::c::C; pub struct B;"),
        ("c.rs", "use crate::a::One; pub struct C;"),
    ]);
    assert_eq!(found.len(), 3);
    let first = "a/two.rs:1 imports b.rs, and b leads back to a: b -> c -> a";
    assert_eq!(found[0].to_string(), first);
}

#[test]
fn a_way_down_is_no_circle() {
    let found = siblings(&[
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "use crate::b::B; use std::fmt; fn f() { tokio::spawn(); Self::b::c(); }",
        ),
        (
            "b.rs",
            "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
        ),
    ]);
    assert_eq!(found, []);
}

#[test]
fn a_child_may_not_import_from_a_parent_that_uses_it() {
    let parent = "mod child; mod other;\nuse child::Part;\npub struct Whole(Part);";
    let child = "use super::Whole; pub struct Part;";
    let found = parents(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", parent),
        ("a/child.rs", child),
        ("a/other.rs", "use super::Whole;"),
    ]);
    assert_eq!(
        lines(&found),
        "a/child.rs:1 imports Whole, which a/mod.rs defines, and line 2 there uses a::child::Part"
    );
}

#[test]
fn a_parent_may_define_for_its_children_what_it_only_hands_on() {
    let child = "use super::{Floor, Sibling}; pub struct Part;";
    let found = parents(&[
        ("lib.rs", "mod a;"),
        (
            "a/mod.rs",
            "mod child; mod sibling; pub use child::Part; pub use sibling::Sibling; pub struct Floor;",
        ),
        ("a/child.rs", child),
        ("a/sibling.rs", "pub struct Sibling;"),
    ]);
    assert_eq!(found, []);
}

const HOUSE: [(&str, &str); 4] = [
    ("lib.rs", "mod low; mod left; mod right; "),
    ("low.rs", "pub struct Low;"),
    ("left.rs", "use crate::low::Low; pub struct Left;"),
    ("right.rs", "use crate::low::Low; pub struct Right;"),
];

fn on_levels(changed: (&str, &str), of: &[&[&str]]) -> String {
    let mut files = files(&HOUSE);
    files.0.insert(changed.0.to_owned(), changed.1.to_owned());
    let source = parse("house", &files);
    lines(&levels::check(&source, &imports(&source), of))
}

#[test]
fn imports_go_down_only() {
    let of: [&[&str]; 2] = [&["low"], &["left", "right"]];
    assert_eq!(on_levels(HOUSE[1], &of), "");
    let up = on_levels(("low.rs", "pub struct Low;\nuse crate::left::Left;"), &of);
    assert_eq!(up, "low.rs:2 imports left.rs, and left is above low");
    let beside = on_levels(("left.rs", "fn f(_: crate::right::Right) {}"), &of);
    assert_eq!(
        beside,
        "left.rs:1 imports right.rs, and right is beside left"
    );
}

#[test]
fn every_top_level_module_is_on_one_level() {
    let missing: [&[&str]; 2] = [&["low"], &["left"]];
    assert_eq!(on_levels(HOUSE[1], &missing), "right is on no level");
    let twice: [&[&str]; 3] = [&["low"], &["left", "right"], &["right", "gone"]];
    let said = on_levels(HOUSE[1], &twice);
    assert_eq!(
        said,
        "right is on two levels\ngone is on a level and does not exist"
    );
}

fn impure(text: &str) -> usize {
    let source = source(&[("lib.rs", "mod a;"), ("a.rs", text)]);
    purity::check(&source, &imports(&source)).len()
}

#[test]
fn a_pure_module_mentions_no_edge() {
    let edges = [
        "async fn f() {}",
        "fn f() { g().await }",
        "use tokio::time;",
        "fn f() { std::env::var(\"A\"); }",
        "use std::{env};",
        "use std::{fs as files, fmt};",
        "use std::time::{Duration, Instant};",
        "use chrono::Utc; fn f() { Utc::now(); }",
        "use uuid::Uuid; fn f() { vec![Uuid::new_v4()]; }",
        "fn f(_: &dyn ObjectStore) {}",
        "fn f(_: impl Clock) {}",
        "fn f(_: &CommitLog) {}",
        "use crate::host::router;",
    ];
    for edge in edges {
        let marked =
            format!("//! What it does; pure.\n\n#[cfg(test)] mod t {{}}\nfn a() {{}}\n{edge}");
        assert!(impure(&marked) > 0, "{edge}");
        assert_eq!(impure(&marked.replace("; pure.", ".")), 0, "{edge}");
    }
    let fine = "//! Doc.\n//! Pure.\n//!\n//! Unlike tokio.\n\n/// Not async.\nfn f() { \"tokio::spawn\"; x.env; }\n#[cfg(test)] use std::fs;";
    assert_eq!(impure(fine), 0);
}

#[test]
fn a_mark_counts_for_all_that_is_below_and_can_be_missed() {
    let source = source(&[
        ("lib.rs", "//! Pure.\nmod a; mod b;"),
        ("a/mod.rs", "//! A: pure.\nmod c;"),
        ("a/c.rs", "async fn f() {}"),
        ("b.rs", "//! Purely.\n//!\n//! Pure.\nasync fn f() {}"),
    ]);
    let found = purity::check(&source, &imports(&source));
    assert_eq!(
        lines(&found),
        "a/c.rs:1 says that it is pure and mentions async"
    );
    let unmarked = purity::unmarked(&source, &["a/", "a/c.rs", "b.rs", "c/"]);
    assert_eq!(
        lines(&unmarked),
        "b.rs: the first paragraph of its doc does not end in \"pure\"\n\
         c/ should be pure and does not exist"
    );
}

#[test]
fn a_folder_has_twelve_entries_at_most_and_the_root_any_number() {
    let name = |at: usize| (format!("a/m{at}.rs"), "fn f() {}".to_owned());
    let mut files = Files((0..11).map(name).collect());
    let declared: String = (0..12).map(|at| format!("mod m{at}; ")).collect();
    files
        .0
        .insert("a/mod.rs".to_owned(), declared.replace("mod m11;", ""));
    files.0.insert("lib.rs".to_owned(), "mod a;".to_owned());
    assert_eq!(places::crowded(&parse("house", &files)), []);

    files.0.insert("a/m11/tests.sql".to_owned(), String::new());
    let found = places::crowded(&parse("house", &files));
    assert_eq!(lines(&found), "a/ has 13 entries, 12 at most");
}

#[test]
fn calls_and_the_places_allowed_for_them_agree() {
    let source = source(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use chrono::Utc;\nfn f() { Utc::now(); }"),
        (
            "b.rs",
            "use chrono::Utc as Time;\n\nfn f() { Some(()).map(Time::now); }",
        ),
        (
            "c.rs",
            "fn f() { BadUtc::now(); } #[cfg(test)] fn t() { chrono::Utc::now(); }",
        ),
    ]);
    let rule = Rule {
        path: "Utc::now",
        allowed: &["a.rs", "c.rs"],
    };
    assert_eq!(
        lines(&places::calls(&imports(&source), &[rule])),
        "b.rs:3 has Utc::now, which may be in [\"a.rs\", \"c.rs\"] only\n\
         c.rs may have Utc::now and does not"
    );
}

#[test]
fn object_names_are_seen_in_strings_only() {
    let source = source(&[
        ("lib.rs", "mod paths; mod b; mod c;"),
        ("paths.rs", "const END: &str = \".parquet\";"),
        ("b.rs", "fn f() {\n  format!(r\"{a}.jsonl\");\n}"),
        (
            "c.rs",
            "/// Makes `a.parquet`.\nfn event_date() { \"a.parquet.old\"; }",
        ),
    ]);
    let found = places::object_names(&source, &["paths.rs", "gone.rs"]);
    assert_eq!(
        lines(&found),
        "gone.rs may make object names and does not exist\n\
         b.rs:2 makes an object name with \"{a}.jsonl\""
    );
}
