package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ReleaseManifest.Provenance;
import io.winnow.lifecycle.registry.Aliases;
import io.winnow.lifecycle.registry.RegisteredRelease;
import io.winnow.lifecycle.registry.Registry;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow releases show}: everything that is known of one release. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description = "Shows a release: provenance, settings, features, metrics, tags, files.")
final class ReleasesShowCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(paramLabel = "VERSION", description = "The release.")
  private String version = "";

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ReleasesShowCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      RegisteredRelease release = find(folder.registry(), version);
      List<String> aliases = Aliases.of(folder.registry().plan(), version);
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(Json.write(line(release, aliases)));
      } else {
        print(out, release, aliases);
      }
    }
    return ExitCode.OK.value();
  }

  /**
   * A release of the registry.
   *
   * @throws WinnowException with {@code NOT_FOUND}, naming those that there are
   */
  static RegisteredRelease find(Registry registry, String version) {
    return registry
        .release(version)
        .orElseThrow(() ->
            new WinnowException(
                ErrorCode.NOT_FOUND,
                "release: %s (expected: one of %s)"
                    .formatted(
                        version,
                        registry.releases().stream()
                            .map(release -> release.manifest().version())
                            .toList())));
  }

  /** A release as JSON has it. */
  static Map<String, Object> line(RegisteredRelease release, List<String> aliases) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("version", release.manifest().version());
    line.put("aliases", aliases);
    line.put("registered_ms", release.registeredMs());
    line.put("deleted_ms", release.deletedMs());
    line.put("tags", release.tags());
    line.put("metrics", release.metrics());
    line.put("manifest", release.manifest());
    return line;
  }

  private static void print(PrintWriter out, RegisteredRelease release, List<String> aliases) {
    Provenance provenance = release.manifest().provenance();
    out.printf("release      %s %s%n", release.manifest().version(), String.join(", ", aliases));
    out.printf("application  %s%n", release.manifest().application());
    out.printf("created      %s%n", Instant.ofEpochMilli(release.manifest().createdMs()));
    if (release.deletedMs() > 0) {
      out.printf("deleted      %s%n", Instant.ofEpochMilli(release.deletedMs()));
    }
    out.printf(
        "data         %,d records, %s to %s%n",
        provenance.toOffset(),
        Instant.ofEpochMilli(provenance.fromMs()),
        Instant.ofEpochMilli(provenance.toMs()));
    out.printf("parent       %s%n", provenance.parent() == null ? "–" : provenance.parent());
    out.printf(
        "made by      Winnow %s, seed %d, %s%n",
        provenance.codeVersion(), provenance.seed(), provenance.environment());
    release.tags().forEach((name, value) -> out.printf("tag          %s=%s%n", name, value));
    release
        .manifest()
        .features()
        .forEach(feature -> out.printf("feature      %s: %s%n", feature.name(), feature.text()));
    provenance
        .settings()
        .forEach((name, value) -> out.printf("setting      %s: %s%n", name, value));
    release.metrics().forEach((name, value) -> out.printf("metric       %s: %.5f%n", name, value));
    release
        .manifest()
        .files()
        .forEach((name, file) ->
            out.printf("file         %s: %,d bytes, %s%n", name, file.bytes(), file.sha256()));
  }
}
