package io.winnow.app;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/**
 * What came of a command.
 *
 * @param code the process's exit code
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 */
record CommandRun(int code, String out, String err) {
  /** Carries out a command in this process, without any environment variable. */
  static CommandRun run(String... arguments) {
    return run(Map.of(), arguments);
  }

  /** Carries out a command in this process. */
  static CommandRun run(Map<String, String> environment, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.run(environment, new PrintWriter(out), new PrintWriter(err), arguments);
    return new CommandRun(code, out.toString(), err.toString());
  }
}
