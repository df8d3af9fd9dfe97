//! The command that opens a file at a line: editors disagree about how to say it.

use crate::resource::Origin;

/// How an editor wants to be told the line.
enum Manner {
    /// `vi +12 file`: most of them.
    Plus,
    /// `code --goto file:12`.
    Goto,
    /// `hx file:12`.
    Colon,
    /// Only the file.
    None,
}

/// Program and arguments, or nothing when the command is blank.
pub fn command(editor: &str, origin: &Origin) -> Option<Vec<String>> {
    let mut words: Vec<String> = editor.split_whitespace().map(str::to_owned).collect();
    let program = words.first()?.clone();
    let file = origin.file.display().to_string();
    match manner(&program) {
        Manner::Plus => words.extend([format!("+{}", origin.line), file]),
        Manner::Goto => words.extend(["--goto".to_owned(), format!("{file}:{}", origin.line)]),
        Manner::Colon => words.push(format!("{file}:{}", origin.line)),
        Manner::None => words.push(file),
    }
    Some(words)
}

fn manner(program: &str) -> Manner {
    let name = program.rsplit('/').next().unwrap_or(program);
    match name {
        "code" | "codium" | "cursor" | "code-insiders" | "windsurf" => Manner::Goto,
        "hx" | "helix" | "subl" | "zed" | "lapce" => Manner::Colon,
        "vi" | "vim" | "nvim" | "nano" | "emacs" | "emacsclient" | "micro" | "kak" | "joe" | "ne" | "mg" | "jed"
        | "gedit" | "kate" | "gvim" | "mvim" | "view" => Manner::Plus,
        _ => Manner::None,
    }
}
