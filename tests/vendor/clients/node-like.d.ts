// CommonJS, as both hosts have it.
declare function require(name: string): any;
declare const module: { exports: any };
