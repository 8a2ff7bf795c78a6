package io.winnow.app;

import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Rollout;
import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** The options of {@code winnow rollout start} and {@code cancel}. */
final class RolloutOptions {
  @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for the ledger.")
  private String reason = "asked for at the command line";

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  Cause cause() {
    return FolderRegistry.cause(reason);
  }

  void print(Rollout rollout, PrintWriter out) {
    out.println(
        json
            ? Json.write(rollout)
            : "rollout %s: %s".formatted(rollout.id(), rollout.stage().label()));
  }
}
