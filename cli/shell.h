/* shell.h - `holdfast` without a command: a shell with levels, or commands from standard input.
 *
 * In the level `configure` changes are collected and sent as one by `commit`.  At a terminal there are a
 * prompt, history and completion; otherwise the lines are read as they come, the first error ends the run,
 * and leaving the level (or the end of the input) commits. */
#ifndef HF_CLI_SHELL_H
#define HF_CLI_SHELL_H

#include "cli/command.h"

/* Runs until the end of input or `quit`, beginning in level. Returns an exit code of enum hf_error_kind. */
/* For session_remember(): words are "configure", "statement" and the text. */
session_replayer shell_replay_statement;

int shell_run(struct session *session, const struct command_area *level);

#endif
