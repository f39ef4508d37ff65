for (const name of ["asyncIterator", "dispose", "asyncDispose"]) {
  if (Symbol[name] === undefined) {
    Object.defineProperty(Symbol, name, { value: Symbol("Symbol." + name) });
  }
}
(() => {
  const define = (name, value) => {
    if (globalThis[name] === undefined) {
      Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
    }
  };
  const method = (target, key, value) =>
    Object.defineProperty(target, key, { value, writable: true, configurable: true });

  class SuppressedError extends Error {
    constructor(error, suppressed, message) {
      super(message);
      if (message === undefined) delete this.message;
      method(this, "error", error);
      method(this, "suppressed", suppressed);
    }
  }
  method(SuppressedError.prototype, "name", "SuppressedError");
  define("SuppressedError", SuppressedError);

  const disposer = (value, symbols) => {
    if (value === null || value === undefined) return undefined;
    for (const symbol of symbols) {
      const dispose = value[symbol];
      if (dispose !== undefined && dispose !== null) {
        if (typeof dispose !== "function") throw new TypeError("Object not disposable");
        return () => dispose.call(value);
      }
    }
    throw new TypeError("Object not disposable");
  };
  const callable = (f) => {
    if (typeof f !== "function") throw new TypeError(`${typeof f} is not a function`);
  };
  const chain = (failed, failure, error) =>
    failed ? new SuppressedError(error, failure, "An error was suppressed during disposal") : error;

  // The two stacks differ in what use looks for and in whether disposal waits.
  const stack = (name, symbols) =>
    class {
      #entries = [];
      #disposed = false;
      #open() {
        if (this.#disposed) throw new ReferenceError(`${name} is already disposed`);
      }
      get disposed() {
        return this.#disposed;
      }
      get [Symbol.toStringTag]() {
        return name;
      }
      use(value) {
        this.#open();
        const dispose = disposer(value, symbols);
        if (dispose) this.#entries.push(dispose);
        return value;
      }
      adopt(value, onDispose) {
        this.#open();
        callable(onDispose);
        this.#entries.push(() => onDispose(value));
        return value;
      }
      defer(onDispose) {
        this.#open();
        callable(onDispose);
        this.#entries.push(() => onDispose());
      }
      move() {
        this.#open();
        const other = new this.constructor();
        other.#entries = this.#entries;
        this.#entries = [];
        this.#disposed = true;
        return other;
      }
      _take() {
        if (this.#disposed) return [];
        this.#disposed = true;
        return this.#entries.splice(0).reverse();
      }
    };

  const Sync = stack("DisposableStack", [Symbol.dispose]);
  const Async = stack("AsyncDisposableStack", [Symbol.asyncDispose, Symbol.dispose]);
  const takeSync = Sync.prototype._take;
  const takeAsync = Async.prototype._take;
  delete Sync.prototype._take;
  delete Async.prototype._take;

  method(Sync.prototype, "dispose", function dispose() {
    let failed = false, failure;
    for (const entry of takeSync.call(this)) {
      try {
        entry();
      } catch (error) {
        failure = chain(failed, failure, error);
        failed = true;
      }
    }
    if (failed) throw failure;
  });
  method(Async.prototype, "disposeAsync", async function disposeAsync() {
    let failed = false, failure;
    for (const entry of takeAsync.call(this)) {
      try {
        await entry();
      } catch (error) {
        failure = chain(failed, failure, error);
        failed = true;
      }
    }
    if (failed) throw failure;
  });
  method(Sync.prototype, Symbol.dispose, Sync.prototype.dispose);
  method(Async.prototype, Symbol.asyncDispose, Async.prototype.disposeAsync);
  for (const [name, value] of [["DisposableStack", Sync], ["AsyncDisposableStack", Async]]) {
    Object.defineProperty(value, "name", { value: name, configurable: true });
    define(name, value);
  }
})();
