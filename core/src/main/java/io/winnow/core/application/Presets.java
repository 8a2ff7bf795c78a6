package io.winnow.core.application;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The application files that ship with Winnow: starting points, and the usual data sets. */
public final class Presets {
  /** Their names. */
  public static final List<String> NAMES =
      List.of(
          "video",
          "shop",
          "shorts",
          "movielens-100k",
          "movielens-1m",
          "movielens",
          "online-retail");

  private static final String FOLDER = "presets/";

  /** What a folder must hold for a preset: one file of each group. The first that fits is taken. */
  private static final Map<String, List<List<String>>> SIGNATURES = signatures();

  private Presets() {}

  private static Map<String, List<List<String>>> signatures() {
    Map<String, List<List<String>>> signatures = new LinkedHashMap<>();
    signatures.put("movielens-100k", List.of(List.of("u.data"), List.of("u.item")));
    signatures.put(
        "movielens-1m", List.of(List.of("ratings.dat", "ratings.csv"), List.of("movies.dat")));
    signatures.put("movielens", List.of(List.of("ratings.csv"), List.of("movies.csv")));
    signatures.put(
        "online-retail",
        List.of(List.of("online_retail.csv", "OnlineRetail.csv", "Online Retail.csv")));
    return signatures;
  }

  /**
   * Reads a preset.
   *
   * @throws WinnowException {@link ErrorCode#NOT_FOUND} if there is none of that name
   */
  public static ApplicationFile load(String name, Map<String, String> environment) {
    return ApplicationFile.parse(text(name), name + ".yaml", environment);
  }

  /** A preset's text. */
  public static String text(String name) {
    if (!NAMES.contains(name)) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND,
          "preset: " + name + " (expected: " + NearestName.expectation(name, NAMES) + ")");
    }
    return ApplicationFile.resource(FOLDER + name + ".yaml");
  }

  /** The preset for the data set in a folder, recognised by its files, plain or {@code .gz}. */
  public static Optional<String> detect(Path folder) {
    return SIGNATURES.entrySet().stream()
        .filter(signature ->
            signature.getValue().stream()
                .allMatch(group -> group.stream().anyMatch(file -> exists(folder, file))))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** What {@link #detect} looks for. */
  static String describeDetection() {
    return SIGNATURES.entrySet().stream()
        .map(signature ->
            signature.getValue().stream()
                    .map(group -> String.join(" or ", group))
                    .collect(Collectors.joining(" with "))
                + " ("
                + signature.getKey()
                + ")")
        .collect(Collectors.joining("; "));
  }

  private static boolean exists(Path folder, String file) {
    return Files.isRegularFile(folder.resolve(file))
        || Files.isRegularFile(folder.resolve(file + ".gz"));
  }
}
