package io.winnow.app;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Engines;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureStorePolicy;
import io.winnow.core.application.Presets;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow validate FILE}: checks an application file and prints every problem at once. */
@Command(
    name = "validate",
    mixinStandardHelpOptions = true,
    description = {
      "Checks an application file and prints every problem at once.",
      "Exit code 0 if there is none, 2 if there are some or the file cannot be found.",
      "WINNOW_* variables that replace values of the file are checked too."
    })
final class ValidateCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = true, multiplicity = "1")
  private What what = new What();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ValidateCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** One of these. */
  static final class What {
    @Parameters(paramLabel = "FILE", description = "The application file, usually winnow.yaml.")
    private @Nullable Path file;

    @Option(
        names = "--preset",
        paramLabel = "NAME",
        description = "A preset instead of a file; with --print its text to start from.")
    private @Nullable String preset;

    @Option(names = "--schema", description = "Print the JSON Schema of application files.")
    private boolean schema;
  }

  @Option(names = "--print", description = "Print the file's text if it is valid.")
  private boolean print;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (what.schema) {
      out.print(ApplicationFile.jsonSchema());
      return ExitCode.OK.value();
    }
    try {
      ApplicationFile file = read();
      if (print) {
        out.print(file.text());
      } else if (json) {
        out.println(summary(file.definition()));
      } else {
        out.println(sentence(file.definition()));
      }
      return ExitCode.OK.value();
    } catch (WinnowException e) {
      if (!json) {
        throw e;
      }
      out.println(failure(e));
      return ExitCode.of(e.code()).value();
    }
  }

  private ApplicationFile read() {
    if (what.preset != null) {
      return Presets.load(what.preset, environment);
    }
    return ApplicationFile.read(Objects.requireNonNull(what.file), environment);
  }

  private static String sentence(ApplicationDefinition application) {
    FeatureStorePolicy store = application.operations().featureStore();
    Engines engines = application.operations().engines();
    BigDecimal audited = BigDecimal.valueOf(store.audit().sample()).movePointRight(2);
    return application.name()
        + ": valid, "
        + application.schema().events().size()
        + " event types, "
        + application.features().size()
        + " features of "
        + application.features().stream().map(FeatureDefinition::entity).distinct().count()
        + " entities, "
        + application.objectives().list().size()
        + " objectives, "
        + application.operations().experiments().metrics().size()
        + " metrics, "
        + application.operations().experiments().list().size()
        + " experiments; log "
        + engines.log()
        + ", features "
        + engines.features()
        + ", registry "
        + engines.registry()
        + "; audit of "
        + audited.stripTrailingZeros().toPlainString()
        + " % of requests";
  }

  private static ObjectNode summary(ApplicationDefinition application) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("valid", true);
    root.put("application", application.name());
    application.schema().events().keySet().forEach(root.putArray("events")::add);
    ArrayNode features = root.putArray("features");
    application.features().forEach(feature -> features.add(feature.qualifiedName()));
    Experiments experiments = application.operations().experiments();
    ObjectNode metrics = root.putObject("metrics");
    experiments
        .metrics()
        .forEach(metric -> metrics.put(metric.name(), metric.definition().toString()));
    experiments.list().stream().map(Experiment::name).forEach(root.putArray("experiments")::add);
    Engines engines = application.operations().engines();
    root.putObject("engines")
        .put("log", engines.log().toString())
        .put("features", engines.features().toString())
        .put("registry", engines.registry().toString())
        .put("artifacts", engines.artifacts().toString());
    FeatureStorePolicy store = application.operations().featureStore();
    ObjectNode featureStore = root.putObject("feature_store");
    ObjectNode views = featureStore.putObject("views");
    store
        .views()
        .forEach((label, view) ->
            views
                .putObject(label)
                .put("ttl_seconds", view.ttl().toSeconds())
                .put("max_keys", view.maxKeys()));
    featureStore
        .putObject("audit")
        .put("sample", store.audit().sample())
        .put("max_mismatches", store.audit().maxMismatches());
    root.putArray("problems");
    return root;
  }

  private static ObjectNode failure(WinnowException e) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("valid", false);
    root.put("code", e.code().name());
    ArrayNode problems = root.putArray("problems");
    List<Problem> list =
        e.problems().isEmpty()
            ? List.of(new Problem("file", String.valueOf(e.getMessage()), "a readable file"))
            : e.problems();
    for (Problem problem : list) {
      problems
          .addObject()
          .put("field", problem.field())
          .put("value", problem.value())
          .put("expectation", problem.expectation())
          .put("location", problem.location());
    }
    return root;
  }
}
