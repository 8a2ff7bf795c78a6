package io.winnow.core.application;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An application file, {@code winnow.yaml}: its text, which goes into releases, and what it says.
 *
 * <p>The smallest useful file is a name and the event types; {@link Defaults} fills in the rest:
 *
 * <pre>{@code
 * application: courses
 * items:  { attributes: { topic: string, published: time } }
 * events: { open: {}, finish: { value: minutes } }
 * }</pre>
 *
 * <p>Reading checks the whole file and throws one {@link WinnowException} ({@link
 * ErrorCode#INVALID_ARGUMENT}) with every problem: where it stands, its path, what is there and
 * what was expected. Unknown keys are problems and name the nearest known one. Environment
 * variables such as {@code WINNOW_SERVING_DEADLINE=40ms} replace single values: {@code WINNOW_} and
 * the value's path in capitals, joined by {@code _}. Immutable.
 *
 * @param text as read, without the environment's replacements
 * @param definition what it says, with them
 */
public record ApplicationFile(String text, ApplicationDefinition definition) {
  /** The name under which a data set's folder holds its application file. */
  public static final String NAME = "winnow.yaml";

  static final List<String> KEYS =
      List.of(
          "application",
          "items",
          "users",
          "events",
          "repeats",
          "features",
          "objectives",
          "outcome_window",
          "retrieval",
          "reranking",
          "serving",
          "retraining",
          "rollout",
          "jobs",
          "metrics",
          "experiments",
          "holdout",
          "testers",
          "feature_store",
          "engines",
          "imports");

  private static final Pattern LINE = Pattern.compile("[^\\n]+");

  private static final String SCHEMA = "winnow.schema.json";

  /**
   * Reads a file.
   *
   * @throws WinnowException {@link ErrorCode#INVALID_ARGUMENT} with every problem, {@link
   *     ErrorCode#NOT_FOUND} if there is no such file, {@link ErrorCode#UNAVAILABLE} if it cannot
   *     be read
   */
  public static ApplicationFile read(Path file, Map<String, String> environment) {
    if (!Files.isRegularFile(file)) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND,
          file + ": no such file (expected: an application file, " + NAME + ")");
    }
    String name = Objects.requireNonNullElse(file.getFileName(), file).toString();
    try {
      if (Files.size(file) > YamlReader.MAX_CHARACTERS * 4L) {
        throw WinnowException.invalid(
            "file", name, "at most " + YamlReader.MAX_CHARACTERS + " characters");
      }
      return parse(Files.readString(file), name, environment);
    } catch (CharacterCodingException e) {
      throw WinnowException.invalid("file", name, "UTF-8 text");
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, file + ": cannot be read: " + e, e);
    }
  }

  /**
   * Reads a text.
   *
   * @param sourceName how problems call it, such as {@code winnow.yaml}
   * @param environment the process's variables, or an empty map for the text alone
   * @throws WinnowException {@link ErrorCode#INVALID_ARGUMENT} with every problem
   */
  public static ApplicationFile parse(
      String yaml, String sourceName, Map<String, String> environment) {
    Problems problems = new Problems();
    YamlNode tree = YamlReader.read(yaml, sourceName, problems);
    problems.throwIfAny();
    Section root = Section.root(EnvironmentOverrides.apply(tree, environment, problems), problems);
    ApplicationDefinition definition = definition(root);
    problems.throwIfAny();
    return new ApplicationFile(yaml, definition);
  }

  /** Without the text, which may hold a password. */
  @Override
  public String toString() {
    return "ApplicationFile[" + definition.name() + "]";
  }

  private static ApplicationDefinition definition(Section root) {
    if (!root.isPresent()) {
      root.problem("nothing", "an application file: at least application and events");
    }
    root.onlyKeys(KEYS);
    Section application = root.get("application");
    String name = application.text().orElse("");
    if (!name.isEmpty()) {
      SchemaReader.checkName(application, name);
    }
    Schema schema = SchemaReader.read(root);
    Section declared = root.get("features");
    List<FeatureDefinition> features =
        declared.isPresent()
            ? new FeaturesReader(schema).read(declared)
            : Defaults.features(schema);
    PolicyReader policy = new PolicyReader(schema);
    Objectives objectives = policy.objectives(root.get("objectives"), root.get("outcome_window"));
    return new ApplicationDefinition(
        name,
        schema,
        features,
        objectives,
        policy.policy(root),
        new ImportsReader(schema).read(root.get("imports")),
        new Operations(
            new FeatureStoreReader(schema, features).read(root.get("feature_store")),
            EnginesReader.read(root.get("engines"), name),
            LifecycleReader.retraining(root.get("retraining")),
            LifecycleReader.rollout(root.get("rollout")),
            LifecycleReader.jobs(root.get("jobs")),
            new ExperimentsReader(schema, objectives, policy).read(root)));
  }

  /**
   * The application file of a data set: the given one, else {@code winnow.yaml} in its folder, else
   * the preset for the files that lie there.
   *
   * @param app an application file, or null
   * @throws WinnowException {@link ErrorCode#NOT_FOUND} if there is neither, {@link
   *     ErrorCode#INVALID_ARGUMENT} with every problem of the file
   */
  public static ApplicationFile forDataset(
      Path folder, @Nullable Path app, Map<String, String> environment) {
    if (app != null) {
      return read(app, environment);
    }
    if (!Files.isDirectory(folder)) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND, folder + ": no such folder (expected: a folder with a data set)");
    }
    if (Files.isRegularFile(folder.resolve(NAME))) {
      return read(folder.resolve(NAME), environment);
    }
    Optional<String> preset = Presets.detect(folder);
    if (preset.isEmpty()) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND,
          folder
              + ": no application file (looked for: "
              + NAME
              + "; "
              + Presets.describeDetection()
              + "; a .gz twin counts too). Write a "
              + NAME
              + " there or name one with --app FILE.");
    }
    return Presets.load(preset.get(), environment);
  }

  /** The text without user names and passwords of addresses in it, for people to read. */
  public String textWithoutSecrets() {
    return LINE.matcher(text)
        .replaceAll(line -> Matcher.quoteReplacement(Credentials.mask(line.group())));
  }

  /** The JSON Schema of application files, for editors. */
  public static String jsonSchema() {
    return resource(SCHEMA);
  }

  /** A text that ships with this package. */
  static String resource(String name) {
    try (InputStream in = ApplicationFile.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new WinnowException(ErrorCode.INTERNAL, "resource " + name + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }
}
