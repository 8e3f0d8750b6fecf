//! The command line: one file a command, and what they share. The only room that
//! prints, reads the environment, handles signals or chooses an exit code: 0
//! done, 1 failed, 2 bad usage or configuration, from 64 on a failed `call`.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod assemble;
mod backend;
mod banner;
mod call;
mod check;
mod client;
mod completions;
mod demo;
mod example;
mod failure;
mod flags;
mod healthcheck;
mod openapi;
mod process;
mod routes;
mod serve;
mod signals;
mod telemetry;

use clap::{CommandFactory as _, Parser, Subcommand};
use failure::Failure;
use std::process::ExitCode;

/// An HTTP/JSON face for any gRPC server, from its descriptors.
#[derive(Debug, Parser)]
#[command(
    name = "trestle",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(after_help = "Try it: trestle demo")]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Flags),
    Serve(serve::Flags),
    Backend(backend::Flags),
    Client(client::Flags),
    Routes(routes::Flags),
    Check(check::Flags),
    Openapi(openapi::Flags),
    Call(call::Flags),
    Healthcheck(healthcheck::Flags),
    Completions(completions::Flags),
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    // Clap prints usage errors itself, and leaves with 2.
    let program = Program::parse();
    let done: Result<(), Failure> = match program.command {
        Command::Demo(flags) => demo::run(&flags),
        Command::Serve(flags) => serve::run(&flags),
        Command::Backend(flags) => backend::run(&flags),
        Command::Client(flags) => client::run(&flags),
        Command::Routes(flags) => routes::run(&flags),
        Command::Check(flags) => check::run(&flags),
        Command::Openapi(flags) => openapi::run(&flags),
        Command::Call(flags) => call::run(&flags),
        Command::Healthcheck(flags) => healthcheck::run(&flags),
        Command::Completions(flags) => completions::run(&flags, Program::command()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprint!("{failure}");
            failure.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Program::command().debug_assert();
    }

    #[test]
    fn every_flag_has_a_variable() {
        for command in Program::command().get_subcommands() {
            for flag in command.get_arguments() {
                let Some(long) = flag.get_long().filter(|long| *long != "help") else {
                    continue;
                };
                let expected = match long {
                    "log-level" => "TRESTLE_LOG".to_owned(),
                    _ => format!("TRESTLE_{}", long.to_uppercase().replace('-', "_")),
                };
                let variable = flag.get_env().and_then(|variable| variable.to_str());
                assert_eq!(variable, Some(expected.as_str()), "--{long}");
            }
        }
    }
}
