//! The source files of the crate, with what each one imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A source file below `src`.
pub struct SourceFile {
    /// The path below `src`, as `plan/row.rs`.
    pub path: String,
    /// The module path: `["plan", "row"]`; empty for `lib.rs`.
    pub module: Vec<String>,
    /// The text without comment lines and without its inline tests.
    pub code: String,
    imports: Vec<Import>,
}

/// One path of a `use` declaration, from the root of the crate.
struct Import {
    path: Vec<String>,
    reexport: bool,
}

impl SourceFile {
    /// Creates a file from its path below `src` and its text.
    pub fn new(path: &str, text: &str) -> Self {
        let mut module: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod" || last == "lib") {
            module.pop();
        }
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let mut code = lines.collect::<Vec<_>>().join("\n");
        if let Some(at) = code.find("#[cfg(test)]\nmod ") {
            code.truncate(at);
        }
        let imports = imports(&code, &module);
        Self {
            path: path.to_owned(),
            module,
            code,
            imports,
        }
    }

    /// Returns the room: the first part of the module path, or `lib`.
    pub fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    /// Returns the rooms that this file names in an import or in a path.
    pub fn rooms_used(&self) -> BTreeSet<String> {
        self.imports
            .iter()
            .filter_map(|import| import.path.first().cloned())
            .collect()
    }

    /// Returns the names of the structs, enums, traits and top-level aliases that are defined here.
    pub fn type_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for line in self.code.lines() {
            let indented = line.starts_with(' ');
            let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
            let keyword = words.next().unwrap_or_default();
            let defines = ["struct", "enum", "trait"].contains(&keyword) || (keyword == "type" && !indented);
            let name = words.next().unwrap_or_default();
            let end = name.find(|one: char| !one.is_alphanumeric()).unwrap_or(name.len());
            if defines && name.starts_with(char::is_uppercase) {
                names.push(&name[..end]);
            }
        }
        names
    }
}

/// Returns every file below `src`, sorted by path.
pub fn source_files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: &PathBuf| {
        let below = path.strip_prefix(&root).unwrap().display().to_string();
        SourceFile::new(&below, &fs::read_to_string(path).unwrap())
    };
    rust_files(&root).iter().map(read).collect()
}

/// Returns every Rust file below a folder, sorted by path.
pub fn rust_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the files that each file imports from. A name that a module only re-exports leads to the file that defines it.
pub fn file_imports(files: &[SourceFile]) -> BTreeMap<&str, BTreeSet<&str>> {
    let by_module: BTreeMap<&[String], &SourceFile> = files.iter().map(|file| (file.module.as_slice(), file)).collect();
    let of_file = |file: &SourceFile| {
        let own = file.imports.iter().filter(|import| !import.reexport);
        let targets = own.filter_map(|import| defining_file(&import.path, &by_module));
        targets.filter(|target| *target != file.path).collect()
    };
    files.iter().map(|file| (file.path.as_str(), of_file(file))).collect()
}

fn defining_file<'a>(path: &[String], by_module: &BTreeMap<&[String], &'a SourceFile>) -> Option<&'a str> {
    let mut path = path.to_vec();
    // A chain of re-exports is short; the bound only guards against one that bites its tail.
    for _ in 0..8 {
        let length = (1..=path.len())
            .rev()
            .find(|length| by_module.contains_key(&path[..*length]))?;
        let file = by_module[&path[..length]];
        let name = path.get(length);
        let reexport = file
            .imports
            .iter()
            .find(|import| import.reexport && import.path.last() == name);
        match reexport {
            Some(import) if import.path != path => path.clone_from(&import.path),
            _ => return Some(&file.path),
        }
    }
    None
}

/// Returns the paths below `crate`, `super` and the module itself that a text names.
fn imports(code: &str, module: &[String]) -> Vec<Import> {
    let children: Vec<&str> = code
        .lines()
        .filter_map(|line| {
            line.trim_start_matches("pub(crate) ")
                .trim_start_matches("pub(super) ")
                .trim_start_matches("pub ")
                .strip_prefix("mod ")?
                .strip_suffix(';')
        })
        .collect();
    let mut found = Vec::new();
    let mut rest = code.to_owned();
    // `use` declarations first: they nest, so they are expanded; then the paths in the code that is left.
    while let Some((start, end)) = next_use(&rest) {
        let declaration = rest[start..end].to_owned();
        let reexport = declaration.starts_with("pub");
        let (_, tree) = declaration.split_once("use ").unwrap();
        let paths = expand(tree.trim_end_matches(';'));
        found.extend(paths.into_iter().filter_map(|path| {
            let path = absolute(&path, module, &children)?;
            Some(Import { path, reexport })
        }));
        rest.replace_range(start..end, "");
    }
    for path in inline_paths(&rest) {
        if let Some(path) = absolute(&path, module, &children) {
            found.push(Import { path, reexport: false });
        }
    }
    found
}

fn next_use(code: &str) -> Option<(usize, usize)> {
    let at = code.match_indices("use ").map(|(at, _)| at).find(|at| {
        let line = code[..*at].rsplit('\n').next().unwrap_or_default().trim();
        line.is_empty()
            || (line.starts_with("pub") && !line.contains(' '))
            || line.ends_with(')') && line.starts_with("pub(")
    })?;
    let start = code[..at].rfind('\n').map_or(0, |line| line + 1);
    let start = start + (code[start..].len() - code[start..].trim_start().len());
    let end = at + code[at..].find(';')? + 1;
    Some((start, end))
}

/// Expands `a::{b, c::d}` to `a::b` and `a::c::d`, without aliases.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let name = tree.split(" as ").next().unwrap_or_default();
        return vec![name.split_whitespace().collect()];
    };
    let prefix: String = tree[..open].split_whitespace().collect();
    let inner = tree[open + 1..].trim_end().trim_end_matches('}');
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, one) in tree[open + 1..].char_indices() {
        match one {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&tree[open + 1 + from..open + 1 + at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    let full = parts.into_iter().filter(|part| !part.trim().is_empty());
    full.flat_map(expand)
        .map(|path| format!("{prefix}{path}").trim_end_matches("::self").to_owned())
        .collect()
}

fn inline_paths(code: &str) -> Vec<String> {
    let word = |one: char| one.is_alphanumeric() || one == '_' || one == ':';
    let words = code.split(|one: char| !word(one));
    let paths = words.filter(|word| word.contains("::") && !word.starts_with("::"));
    paths.map(|path| path.trim_end_matches(':').to_owned()).collect()
}

/// Returns a path from the root of the crate; `None` for a path into another crate.
fn absolute(path: &str, module: &[String], children: &[&str]) -> Option<Vec<String>> {
    let mut segments: Vec<&str> = path.split("::").filter(|segment| !segment.is_empty()).collect();
    let mut base: Vec<String> = match *segments.first()? {
        "crate" => Vec::new(),
        "self" | "super" => module.to_vec(),
        child if children.contains(&child) => {
            let mut path = module.to_vec();
            path.extend(segments.iter().map(|segment| (*segment).to_owned()));
            return Some(path);
        }
        _ => return None,
    };
    while let Some(first @ ("crate" | "self" | "super")) = segments.first().copied() {
        if first == "super" {
            base.pop()?;
        }
        segments.remove(0);
    }
    base.extend(segments.iter().map(|segment| (*segment).to_owned()));
    Some(base)
}
