//! A crate's files as modules: what each declares, defines and imports, without its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use quote::ToTokens;
use syn::{Attribute, ImplItem, Item, Visibility};

use super::tokens::{self, Token, Use};

/// The place of a module in its crate: the names from the root to it, none for the root itself.
pub(super) type ModulePath = Vec<String>;

/// What a rule found: where it is, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Violation(pub(super) String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The files below a crate's source folder, by their path from there.
#[derive(Clone, Debug, Default)]
pub(super) struct Files(pub(super) BTreeMap<String, String>);

impl Files {
    /// Reads all files below `folder`; of those that are not Rust only the name is kept.
    pub(super) fn read(folder: &Path) -> Self {
        let mut files = Self::default();
        files.read_below(folder, "");
        files
    }

    fn read_below(&mut self, folder: &Path, prefix: &str) {
        let entries = std::fs::read_dir(folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries.map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let place = format!("{prefix}{name}");
            if entry.file_type().unwrap().is_dir() {
                self.read_below(&entry.path(), &format!("{place}/"));
                continue;
            }
            let text = if name.ends_with(".rs") {
                std::fs::read_to_string(entry.path()).unwrap()
            } else {
                String::new()
            };
            self.0.insert(place, text);
        }
    }
}

/// A file of production code.
#[derive(Debug)]
pub(super) struct Module {
    /// Its place in the crate; `main.rs` beside `lib.rs` is the module `main`.
    pub(super) path: ModulePath,
    /// Where the modules that it declares are: at its own place, or at the root for `main.rs`.
    pub(super) base: ModulePath,
    /// Its file, from the crate's source folder.
    pub(super) file: String,
    /// The first paragraph of its doc.
    pub(super) summary: String,
    /// The names of what it defines, other than modules.
    pub(super) defines: BTreeSet<String>,
    /// What it imports at its top, and what its functions import.
    pub(super) uses: Vec<Use>,
    /// Its code without imports, docs and tests.
    pub(super) code: Vec<Token>,
}

/// A crate's production code.
#[derive(Debug)]
pub(super) struct Source {
    /// The crate's name in paths.
    pub(super) name: String,
    /// All its files, those of tests too.
    pub(super) files: BTreeSet<String>,
    /// Its modules.
    pub(super) modules: BTreeMap<ModulePath, Module>,
}

impl Source {
    /// Parses the crate `name`, from `lib.rs` and `main.rs` on along the declared modules.
    ///
    /// # Errors
    /// Fails if a declared module has no file, a file is declared by none or does not parse, or nothing is left of a
    /// file without its tests: no rule may hold because a file was not read.
    pub(super) fn parse(name: &str, files: &Files) -> Result<Self, Vec<Violation>> {
        let mut walk = Walk {
            files: &files.0,
            visited: BTreeSet::new(),
            modules: BTreeMap::new(),
            violations: Vec::new(),
        };
        for (root, path) in [("lib.rs", vec![]), ("main.rs", vec!["main".to_owned()])] {
            if files.0.contains_key(root) {
                walk.visit(root, path, vec![], false);
            }
        }
        for file in files.0.keys().filter(|file| file.ends_with(".rs")) {
            if !walk.visited.contains(file) {
                walk.fail(file, "no module declares it, so nothing compiles it");
            }
        }
        if walk.modules.is_empty() {
            walk.fail(name, "there is neither lib.rs nor main.rs");
        }
        if !walk.violations.is_empty() {
            return Err(walk.violations);
        }
        Ok(Self {
            name: name.to_owned(),
            files: files.0.keys().cloned().collect(),
            modules: walk.modules,
        })
    }

    /// The module of `file`.
    pub(super) fn module_of(&self, file: &str) -> Option<&Module> {
        self.modules.values().find(|module| module.file == file)
    }
}

struct Walk<'a> {
    files: &'a BTreeMap<String, String>,
    visited: BTreeSet<String>,
    modules: BTreeMap<ModulePath, Module>,
    violations: Vec<Violation>,
}

impl Walk<'_> {
    fn fail(&mut self, place: &str, what: &str) {
        self.violations.push(Violation(format!("{place}: {what}")));
    }

    fn visit(&mut self, file: &str, path: ModulePath, base: ModulePath, is_test: bool) {
        if !self.visited.insert(file.to_owned()) {
            return;
        }
        let parsed = match syn::parse_file(&self.files[file]) {
            Ok(parsed) => parsed,
            Err(error) => return self.fail(file, &format!("it does not parse: {error}")),
        };
        for item in &parsed.items {
            if let Item::Mod(declared) = item {
                self.declared(file, &base, declared, is_test);
            }
        }
        if is_test {
            return;
        }
        let items = production(parsed.items);
        if items.is_empty() {
            self.fail(file, "nothing is left of it without its tests");
        }
        let summary = summary(&parsed.attrs);
        match module(path, base, file, summary, &items) {
            Ok(module) => drop(self.modules.insert(module.path.clone(), module)),
            Err(what) => self.fail(file, &what),
        }
    }

    /// Visits the file of a declared module.
    fn declared(&mut self, file: &str, base: &[String], declared: &syn::ItemMod, is_test: bool) {
        let name = declared.ident.to_string();
        let is_test = is_test || has_cfg_test(&declared.attrs);
        if declared.content.is_some() {
            if !is_test {
                self.fail(
                    file,
                    &format!("mod {name} is written inside of it; give it a file"),
                );
            }
            return;
        }
        let candidates = match path_attribute(&declared.attrs) {
            Some(path) => vec![format!("{}{path}", folder_of(file))],
            None => {
                let place = format!("{}{name}", children_folder(file));
                vec![format!("{place}.rs"), format!("{place}/mod.rs")]
            }
        };
        let found = candidates.iter().find(|at| self.files.contains_key(*at));
        match found {
            Some(found) => {
                let path = [base, &[name]].concat();
                self.visit(found, path.clone(), path, is_test);
            }
            None => self.fail(file, &format!("mod {name} has no file")),
        }
    }
}

/// The folder of `file` with a slash at its end, or nothing.
fn folder_of(file: &str) -> &str {
    file.rfind('/').map_or("", |slash| &file[..=slash])
}

/// The folder where the modules that `file` declares are, with a slash at its end.
fn children_folder(file: &str) -> String {
    let is_root = ["lib.rs", "main.rs"].contains(&file);
    if is_root || file == "mod.rs" || file.ends_with("/mod.rs") {
        return folder_of(file).to_owned();
    }
    format!("{}/", file.trim_end_matches(".rs"))
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    let attribute = attributes.iter().find(|at| at.path().is_ident("path"))?;
    let value = &attribute.meta.require_name_value().ok()?.value;
    let literal = syn::parse2::<syn::LitStr>(value.to_token_stream()).ok()?;
    Some(literal.value())
}

/// Returns whether the attributes have `#[cfg(test)]`.
fn has_cfg_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg") && list.is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

/// The items without those of tests.
fn production(items: Vec<Item>) -> Vec<Item> {
    let mut items: Vec<Item> = items
        .into_iter()
        .filter(|item| !has_cfg_test(attributes(item)))
        .collect();
    for item in &mut items {
        if let Item::Impl(item) = item {
            item.items.retain(|item| match item {
                ImplItem::Fn(item) => !has_cfg_test(&item.attrs),
                ImplItem::Const(item) => !has_cfg_test(&item.attrs),
                _ => true,
            });
        }
    }
    items
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        // What is missed here is found again as a leftover `#[cfg(test)]`.
        _ => &[],
    }
}

/// The name of what an item defines.
fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn module(
    path: ModulePath,
    base: ModulePath,
    file: &str,
    summary: String,
    items: &[Item],
) -> Result<Module, String> {
    let mut uses = Vec::new();
    let mut code = Vec::new();
    for item in items {
        match item {
            Item::Mod(_) => {}
            Item::Use(item) => {
                let is_public = !matches!(item.vis, Visibility::Inherited);
                tokens::leaves(&item.tree, is_public, true, &mut uses);
            }
            item => tokens::flatten(item.to_token_stream(), &mut code, &mut uses)?,
        }
    }
    Ok(Module {
        path,
        base,
        file: file.to_owned(),
        summary,
        defines: items.iter().filter_map(defined).collect(),
        uses,
        code,
    })
}

/// The first paragraph of a module's doc, in one line.
fn summary(attributes: &[Attribute]) -> String {
    let docs = attributes.iter().filter(|at| at.path().is_ident("doc"));
    let lines = docs.filter_map(|at| {
        let value = &at.meta.require_name_value().ok()?.value;
        let literal = syn::parse2::<syn::LitStr>(value.to_token_stream()).ok()?;
        Some(literal.value().trim().to_owned())
    });
    let paragraph = lines.take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}
