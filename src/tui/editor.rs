//! The command that opens a file at a line: every editor has its own syntax for it.

use std::path::Path;

/// Editors that are tried in this order when neither `$VISUAL` nor `$EDITOR` is set.
pub const FALLBACKS: [&str; 2] = ["sensible-editor", "vi"];

/// How an editor is given the line.
enum LineSyntax {
    /// `vim +12 -- FILE`.
    PlusAndDashes,
    /// `nano +12 FILE`.
    Plus,
    /// `code --goto FILE:12`.
    Goto,
    /// `hx FILE:12`.
    Colon,
    /// The editor cannot be given a line.
    Unknown,
}

/// Returns the program and its arguments, or `None` when the command is blank.
///
/// The path has to be absolute: files come from projects that may be hostile, and an editor takes a relative path such as
/// `+!cmd` or `-c…` for a command. Vim and its relatives get `--` in addition.
pub fn command(editor: &str, file: &Path, line: usize) -> Option<Vec<String>> {
    // Split at blanks, without a shell: nothing in a file's name is interpreted.
    let mut arguments: Vec<String> = editor.split_whitespace().map(str::to_owned).collect();
    let program = arguments.first()?.clone();
    let file = file.display().to_string();
    match syntax(&program) {
        LineSyntax::PlusAndDashes => arguments.extend([format!("+{line}"), "--".to_owned(), file]),
        LineSyntax::Plus => arguments.extend([format!("+{line}"), file]),
        LineSyntax::Goto => arguments.extend(["--goto".to_owned(), format!("{file}:{line}")]),
        LineSyntax::Colon => arguments.push(format!("{file}:{line}")),
        LineSyntax::Unknown => arguments.push(file),
    }
    Some(arguments)
}

fn syntax(program: &str) -> LineSyntax {
    let name = program.rsplit('/').next().unwrap_or(program);
    match name {
        "code" | "codium" | "cursor" | "code-insiders" | "windsurf" => LineSyntax::Goto,
        "hx" | "helix" | "subl" | "zed" | "lapce" => LineSyntax::Colon,
        "vim" | "nvim" | "gvim" | "mvim" | "view" => LineSyntax::PlusAndDashes,
        "vi" | "sensible-editor" | "nano" | "emacs" | "emacsclient" | "micro" | "kak" | "joe" | "ne" | "mg" | "jed"
        | "gedit" | "kate" => LineSyntax::Plus,
        _ => LineSyntax::Unknown,
    }
}
