package io.winnow.core;

/**
 * Why something was refused or failed, and whose problem it is. Each HTTP problem and exit code
 * derives from one of these.
 */
public enum ErrorCode {
  /** A field of a request, an event or a configuration has a value outside its range. */
  INVALID_ARGUMENT(Owner.CALLER, 400),
  /** The bytes are not what they should be: not JSON, not the declared content type. */
  MALFORMED_REQUEST(Owner.CALLER, 400),
  /** No key, or a key that is not known. */
  UNAUTHENTICATED(Owner.CALLER, 401),
  /** The key's scope does not cover the call. */
  FORBIDDEN(Owner.CALLER, 403),
  /** No such item, user, release or path. */
  NOT_FOUND(Owner.CALLER, 404),
  /** The path exists, the method does not. */
  METHOD_NOT_ALLOWED(Owner.CALLER, 405),
  /** The same id was used before for something else. */
  CONFLICT(Owner.CALLER, 409),
  /** A check of what is served speaks against it; whoever knows better can say so. */
  BLOCKED(Owner.CALLER, 409),
  /** More bytes, events or items than one request may carry. */
  TOO_LARGE(Owner.CALLER, 413),
  /** A content type that the call does not read. */
  UNSUPPORTED_MEDIA_TYPE(Owner.CALLER, 415),
  /** A queue or pool is at its bound; retry later. */
  OVERLOADED(Owner.CAPACITY, 503),
  /** The deadline passed before an answer was ready. */
  DEADLINE_EXCEEDED(Owner.CAPACITY, 504),
  /** A store, log or file system did not answer. */
  UNAVAILABLE(Owner.DEPENDENCY, 503),
  /** A file that Winnow wrote does not match its checksum or format. */
  CORRUPT(Owner.DEPENDENCY, 500),
  /** A defect in Winnow. */
  INTERNAL(Owner.US, 500);

  /** Who can mend it. */
  public enum Owner {
    /** Whoever made the call. */
    CALLER,
    /** Winnow's authors. */
    US,
    /** Whoever sizes the machine. */
    CAPACITY,
    /** Whoever runs a store or disk that Winnow needs. */
    DEPENDENCY
  }

  private final Owner owner;
  private final int httpStatus;

  ErrorCode(Owner owner, int httpStatus) {
    this.owner = owner;
    this.httpStatus = httpStatus;
  }

  /** Who can mend it. */
  public Owner owner() {
    return owner;
  }

  /** The HTTP status of a problem with this code. */
  public int httpStatus() {
    return httpStatus;
  }
}
