package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ReleaseStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow rollback}: back to the release before the active one. */
@Command(
    name = "rollback",
    mixinStandardHelpOptions = true,
    description = {
      "Checks every byte of the release before the active one and makes it the active one.",
      "A server that runs serves it after a restart."
    })
final class RollbackCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    ReleaseStore store = new ReleaseStore(data.folder().releases());
    List<String> versions = store.versions();
    String active = store.active().orElse("");
    int before = versions.indexOf(active) - 1;
    if (before < 0) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND,
          "active release: '%s' (expected: one with another before it in %s)"
              .formatted(active, versions));
    }
    ReleaseNeeds.check(data.folder(), store, versions.get(before));
    store.activate(versions.get(before));
    spec.commandLine()
        .getOut()
        .println(
            json
                ? Json.write(Map.of("from", active, "to", versions.get(before)))
                : "release %s is active, no longer %s".formatted(versions.get(before), active));
    return ExitCode.OK.value();
  }
}
