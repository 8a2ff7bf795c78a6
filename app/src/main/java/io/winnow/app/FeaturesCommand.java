package io.winnow.app;

import io.winnow.core.Nearest;
import io.winnow.core.WinnowException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * {@code winnow features}: what the feature store holds, and what is done with it. Each subcommand
 * is a class of its own, named {@code Features…Command}, and has a line in {@link #line}.
 */
@Command(
    name = "features",
    mixinStandardHelpOptions = true,
    description = "Shows and changes what the feature store computes.")
final class FeaturesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Unmatched private @Nullable List<String> unmatched;

  /** The command with all its subcommands. */
  static CommandLine line(Map<String, String> environment) {
    CommandLine line = new CommandLine(new FeaturesCommand());
    line.addSubcommand(new FeaturesListCommand(environment));
    line.addSubcommand(new FeaturesApplyCommand(environment));
    line.addSubcommand(new FeaturesStatusCommand());
    line.addSubcommand(new FeaturesBackfillCommand(environment));
    line.addSubcommand(new FeaturesExportCommand(environment));
    line.addSubcommand(new FeaturesAuditCommand(environment));
    return line;
  }

  @Override
  public Integer call() {
    List<String> names = List.copyOf(spec.subcommands().keySet());
    String given = unmatched == null ? "absent" : unmatched.getFirst();
    throw WinnowException.invalid("features", given, Nearest.expectation("command", given, names));
  }
}
