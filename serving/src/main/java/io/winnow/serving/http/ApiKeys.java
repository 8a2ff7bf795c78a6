package io.winnow.serving.http;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a key may make a call. Keeps digests of equal length, and compares with all of
 * them in constant time, so that time tells nothing about how much of a guess is right.
 */
final class ApiKeys {
  private final List<Entry> entries = new ArrayList<>();

  private record Entry(byte[] digest, Set<Scope> scopes) {}

  ApiKeys(Map<String, Set<Scope>> keys) {
    keys.forEach((key, scopes) -> entries.add(new Entry(digest(key), scopes)));
  }

  /** Whether calls need a key at all. */
  boolean required() {
    return !entries.isEmpty();
  }

  /**
   * Lets a call pass or not.
   *
   * @param needed null if the call is open to all
   * @param authorization the header {@code Authorization}, or null
   * @param apiKey the header {@code X-API-Key}, or null
   * @throws WinnowException with {@code UNAUTHENTICATED} or {@code FORBIDDEN}
   */
  void check(@Nullable Scope needed, @Nullable String authorization, @Nullable String apiKey) {
    if (needed == null || !required()) {
      return;
    }
    String key = apiKey;
    if (authorization != null && authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
      key = authorization.substring(7).strip();
    }
    if (key == null) {
      throw new WinnowException(
          ErrorCode.UNAUTHENTICATED,
          "Send an API key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'");
    }
    byte[] digest = digest(key);
    Set<Scope> scopes = null;
    for (Entry entry : entries) {
      if (MessageDigest.isEqual(entry.digest(), digest)) {
        scopes = entry.scopes();
      }
    }
    if (scopes == null) {
      throw new WinnowException(ErrorCode.UNAUTHENTICATED, "The API key is not known");
    }
    if (!needed.coveredBy(scopes)) {
      throw new WinnowException(
          ErrorCode.FORBIDDEN,
          "The call needs a key with scope " + needed + ", this has " + scopes);
    }
  }

  private static byte[] digest(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
