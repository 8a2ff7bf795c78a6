package io.winnow.app;

import io.winnow.features.AuditReport;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.registry.Aliases;
import io.winnow.lifecycle.registry.RegisteredRelease;
import io.winnow.lifecycle.registry.ReleaseSync;
import io.winnow.lifecycle.registry.ServingPlan;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow releases}: what was trained, what is active; activates another one. */
@Command(
    name = "releases",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the releases, newest last, * marks the active one; --activate switches.",
      "A release whose features the store does not hold is refused: 'winnow features backfill --pin VERSION' computes them.",
      "Running servers follow at once; an open rollout ends."
    })
final class ReleasesCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--activate",
      paramLabel = "VERSION",
      description = "Check every byte of this release and make it the active one.")
  private @Nullable String activate;

  @Mixin private PromotionOptions promotion = new PromotionOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** The command with its subcommands. */
  static CommandLine line(Map<String, String> environment) {
    CommandLine line = new CommandLine(new ReleasesCommand(environment));
    line.addSubcommand(new ReleasesShowCommand(environment));
    line.addSubcommand(new ReleasesCompareCommand(environment));
    line.addSubcommand(new ReleasesTagCommand(environment));
    line.addSubcommand(new ReleasesPruneCommand(environment));
    line.addSubcommand(new ReleasesExportCommand(environment));
    line.addSubcommand(new ReleasesImportCommand(environment));
    line.addSubcommand(new ReleasesImportModelCommand(environment));
    line.addSubcommand(new ReleasesGateCommand(environment));
    return line;
  }

  private ReleasesCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      boolean followed = activate == null || activate(folder, activate);
      list(folder, out);
      return followed ? ExitCode.OK.value() : ExitCode.FINDING.value();
    }
  }

  private boolean activate(FolderRegistry folder, String version) {
    ReleaseStore store = folder.releases();
    ReleaseNeeds.check(data.folder(), store, version);
    PromotionGate.Promotion audited = promotion.promotion();
    PromotionGate.of(data.folder(), environment)
        .check(
            version,
            Optional.ofNullable(folder.registry().plan().champion()),
            AuditReport.NONE,
            audited);
    folder.registry().register(store.verify(version));
    ServingPlan plan =
        PlanChanges.promote(
            folder.registry(),
            0,
            version,
            FolderRegistry.cause(
                audited.reason().isEmpty()
                    ? "activated at the command line, without a rollout"
                    : audited.reason()));
    return folder.follow(plan, spec.commandLine().getErr());
  }

  private void list(FolderRegistry folder, PrintWriter out) {
    ReleaseSync.register(folder.registry(), folder.releases());
    ServingPlan plan = folder.registry().plan();
    String active = Objects.requireNonNullElse(plan.champion(), "");
    List<RegisteredRelease> releases =
        folder.registry().releases().stream()
            .sorted(Comparator.comparing(release -> release.manifest().version()))
            .toList();
    if (json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("active", active);
      result.put("aliases", Aliases.of(plan));
      result.put(
          "releases",
          releases.stream()
              .filter(release -> release.deletedMs() == 0)
              .map(RegisteredRelease::manifest)
              .toList());
      result.put(
          "registered",
          releases.stream()
              .map(release ->
                  ReleasesShowCommand.line(release, Aliases.of(plan, release.manifest().version())))
              .toList());
      out.println(Json.write(result));
      return;
    }
    for (RegisteredRelease release : releases) {
      ReleaseManifest manifest = release.manifest();
      List<String> notes = new ArrayList<>(Aliases.of(plan, manifest.version()));
      release.tags().forEach((name, value) -> notes.add(name + "=" + value));
      if (release.deletedMs() > 0) {
        notes.add("deleted " + Instant.ofEpochMilli(release.deletedMs()));
      }
      out.printf(
          "%s %-30s %s  %,d records%s%n",
          manifest.version().equals(active) ? "*" : " ",
          manifest.version(),
          Instant.ofEpochMilli(manifest.createdMs()),
          manifest.provenance().toOffset(),
          notes.isEmpty() ? "" : "  " + String.join(", ", notes));
    }
  }
}
