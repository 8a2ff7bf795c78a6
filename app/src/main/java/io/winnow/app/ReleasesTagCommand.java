package io.winnow.app;

import io.winnow.core.WinnowException;
import io.winnow.lifecycle.registry.RegisteredRelease;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow releases tag}: sets and removes tags of a release. */
@Command(
    name = "tag",
    mixinStandardHelpOptions = true,
    description = {
      "Sets tags of a release; NAME= without a value removes one.",
      "The tag 'keep' keeps its files, whatever 'winnow releases prune' finds."
    })
final class ReleasesTagCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(index = "0", paramLabel = "VERSION", description = "The release.")
  private String version = "";

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "NAME=VALUE", description = "The tags.")
  private List<String> tags = new ArrayList<>();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ReleasesTagCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    for (String tag : tags) {
      if (tag.indexOf('=') < 1) {
        throw WinnowException.invalid("tag", tag, "NAME=VALUE");
      }
    }
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      for (String tag : tags) {
        String value = tag.substring(tag.indexOf('=') + 1);
        folder
            .registry()
            .tag(version, tag.substring(0, tag.indexOf('=')), value.isEmpty() ? null : value);
      }
      RegisteredRelease release = ReleasesShowCommand.find(folder.registry(), version);
      spec.commandLine()
          .getOut()
          .println(
              json
                  ? Json.write(Map.of("version", version, "tags", release.tags()))
                  : version + " " + release.tags());
    }
    return ExitCode.OK.value();
  }
}
