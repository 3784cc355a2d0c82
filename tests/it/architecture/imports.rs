//! Who imports what: every path of a module, followed through re-exports to the file that defines the item.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Module, ModulePath, Source};
use super::tokens;

/// How many re-exports are followed before a path is given up.
const MAX_DEPTH: usize = 16;

/// A path in a module's code or imports.
#[derive(Debug)]
pub(super) struct Import<'a> {
    /// The module that it is in.
    pub(super) from: &'a Module,
    pub(super) line: usize,
    /// The whole path: from `crate`, or from the name of another crate.
    pub(super) path: Vec<String>,
    /// The module of this crate that defines the item.
    pub(super) target: Option<&'a Module>,
    /// Whether the path names an item, not only a module.
    pub(super) is_item: bool,
    /// Whether the module only hands the item on to others.
    pub(super) is_reexport: bool,
}

/// All imports of a crate, module by module.
pub(super) fn imports(source: &Source) -> Vec<Import<'_>> {
    let names = Names::of(source);
    let modules = source.modules.values();
    modules
        .flat_map(|module| of_module(&names, module))
        .collect()
}

fn of_module<'a>(names: &Names<'a>, module: &'a Module) -> Vec<Import<'a>> {
    let paths = tokens::paths(&module.code);
    let mentioned: BTreeSet<&str> = paths
        .iter()
        .filter(|path| {
            let first = path.segments[0].chars().next();
            // A variable may have a function's name.
            path.segments.len() > 1 || path.is_called || first.is_some_and(char::is_uppercase)
        })
        .map(|path| path.segments[0].as_str())
        .collect();
    let import = |path: Vec<String>, line, is_reexport| {
        let found = names.locate(&path, MAX_DEPTH);
        Import {
            from: module,
            line,
            path,
            target: found.as_ref().map(|found| found.module),
            is_item: found.is_some_and(|found| found.is_item),
            is_reexport,
        }
    };
    let uses = module.uses.iter().map(|used| {
        let is_reexport = used.is_public && !mentioned.contains(used.name.as_str());
        let whole = names.absolute(module, &used.path, MAX_DEPTH);
        import(whole, used.line, is_reexport)
    });
    let mut imports: Vec<_> = uses.collect();
    // A single word is defined here or imported above.
    for path in paths.iter().filter(|path| path.segments.len() > 1) {
        let whole = names.absolute(module, &path.segments, MAX_DEPTH);
        imports.push(import(whole, path.line, false));
    }
    imports
}

struct Found<'a> {
    module: &'a Module,
    is_item: bool,
}

/// What the names in each module stand for.
struct Names<'a> {
    source: &'a Source,
    /// By module: the path, as written, behind each imported name.
    imported: BTreeMap<&'a ModulePath, BTreeMap<&'a str, &'a [String]>>,
}

impl<'a> Names<'a> {
    fn of(source: &'a Source) -> Self {
        let imported = source.modules.values().map(|module| {
            let top = module.uses.iter().filter(|import| import.is_top);
            let names = top.filter(|import| import.name != "*");
            let names = names.map(|import| (import.name.as_str(), import.path.as_slice()));
            (&module.path, names.collect())
        });
        Self {
            source,
            imported: imported.collect(),
        }
    }

    fn imported(&self, module: &Module, name: &str) -> Option<&'a [String]> {
        self.imported.get(&module.path)?.get(name).copied()
    }

    /// The whole path of `path` in the code of `module`.
    fn absolute(&self, module: &Module, path: &[String], depth: usize) -> Vec<String> {
        if let Some(path) = self.anchored(module, path) {
            return path;
        }
        match self.imported(module, &path[0]) {
            Some(behind) if depth > 0 && behind[0] != path[0] => {
                let behind = [behind, &path[1..]].concat();
                self.absolute(module, &behind, depth - 1)
            }
            Some(behind) => [behind, &path[1..]].concat(),
            None => path.to_owned(),
        }
    }

    /// The whole path if its first name stands for a place in this crate by itself.
    fn anchored(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let in_crate =
            |place: &[String], rest: &[String]| Some([&["crate".to_owned()], place, rest].concat());
        let first = path[0].as_str();
        if first == "crate" || first == self.source.name {
            return in_crate(&[], &path[1..]);
        }
        if first == "self" {
            return in_crate(&module.base, &path[1..]);
        }
        if first == "super" {
            let ups = path.iter().take_while(|name| *name == "super").count();
            let place = &module.base[..module.base.len().saturating_sub(ups)];
            return in_crate(place, &path[ups..]);
        }
        let child = [module.base.as_slice(), &path[..1]].concat();
        // `main` is a root beside the library, and no module in it.
        if child != ["main"] && self.source.modules.contains_key(&child) {
            return in_crate(&module.base, path);
        }
        let defines = module.defines.contains(first);
        defines.then(|| in_crate(&module.path, path)).flatten()
    }

    /// The module that defines what a whole path names; none if another crate does.
    fn locate(&self, path: &[String], depth: usize) -> Option<Found<'a>> {
        let (first, path) = path.split_first()?;
        if first != "crate" {
            return None;
        }
        let mut place = 0;
        while place < path.len() && self.source.modules.contains_key(&path[..=place]) {
            place += 1;
        }
        let module = self.source.modules.get(&path[..place]);
        let Some((name, rest)) = path[place..].split_first() else {
            let is_item = false;
            return module.map(|module| Found { module, is_item });
        };
        let main = self.source.modules.get(&["main".to_owned()][..]);
        let roots = module.into_iter().chain(main.filter(|_| place == 0));
        let candidates: Vec<_> = roots.collect();
        let is_item = true;
        for module in &candidates {
            if module.defines.contains(name) {
                return Some(Found { module, is_item });
            }
        }
        for module in candidates.iter().filter(|_| depth > 0) {
            if let Some(behind) = self.imported(module, name) {
                let behind = self.absolute(module, &[behind, rest].concat(), MAX_DEPTH);
                return self.locate(&behind, depth - 1);
            }
            if let Some(found) = self.through_globs(module, &path[place..], depth - 1) {
                return Some(found);
            }
        }
        // A macro made it, or it is a variant or a method of what is defined here.
        candidates.first().map(|module| Found { module, is_item })
    }

    fn through_globs(&self, module: &Module, rest: &[String], depth: usize) -> Option<Found<'a>> {
        let mut globs = module
            .uses
            .iter()
            .filter(|used| used.is_top && used.name == "*");
        globs.find_map(|glob| {
            let whole = [
                self.absolute(module, &glob.path, MAX_DEPTH).as_slice(),
                rest,
            ]
            .concat();
            let found = self.locate(&whole, depth)?;
            found.module.defines.contains(&rest[0]).then_some(found)
        })
    }
}
